"""What the page is made of: weights, starts, targets and the kept figures of the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from layer import targets
from layer.build import Built, Options, build_zip, find_zip
from layer.report.starts import Start, measure_starts
from layer.report.weights import Package, weigh
from layer.tools import PROJECT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.benchmarks.history import Run

__all__ = ["Content", "collect"]


@dataclass(frozen=True)
class Content:
    """All that is drawn.

    Parameters
    ----------
    made
        When, of which commit and where, in a few words.
    layer
        The zip that packages and starts are of.
    packages
        What it weighs.
    starts
        Cold starts, unprimed and primed.
    built
        The zips in `dist/` that are of this very commit.
    missing
        Names of targets that have none.
    runs
        The benchmarks' history.
    """

    made: str
    layer: Built
    packages: Sequence[Package]
    starts: Sequence[Start]
    built: Sequence[Built]
    missing: Sequence[str]
    runs: Sequence[Run]

    @property
    def rows(self) -> list[tuple[Run, dict[str, Any]]]:
        """The last figures of each benchmark, with the run that they are from."""
        from tests.benchmarks.history import latest

        return latest(self.runs)

    @property
    def aimed(self) -> list[dict[str, Any]]:
        """Those of the last figures that have a goal."""
        return [row for _, row in self.rows if "met" in row]


def collect(dist: Path, *, rounds: int, layer: Built | None = None, opt: Path | None = None) -> Content:
    """Measure and read everything.

    Parameters
    ----------
    dist
        The folder of the zips.
    rounds
        Cold starts to take the median of.
    layer, opt
        The layer for this machine, and the same unpacked; None builds it.
    """
    # Here, because they need what only the tests do.
    from tests.benchmarks.history import commit, machine, read
    from tests.benchmarks.packages import layer_folder

    layer = layer or build_zip(targets.parse("local"), Options(), dist)
    opt = opt or layer_folder()
    found = {target.name: find_zip(target, Options(), dist) for target in targets.ALL}
    return Content(
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit()}, {machine()}",
        layer=layer,
        packages=weigh(opt),
        starts=measure_starts(opt, rounds=rounds),
        built=[one for one in found.values() if one],
        missing=[name for name, one in found.items() if one is None],
        runs=read(PROJECT / "docs" / "benchmarks.json"),
    )
