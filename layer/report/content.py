"""What the layer report shows: sizes, cold starts, targets and the stored figures of the benchmarks."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from layer import targets
from layer.build import Built, Options, build_zip, find_zip
from layer.tools import PROJECT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layer.import_times import Import

__all__ = ["PHASES", "ColdStart", "Content", "File", "collect", "measure_cold_starts", "measure_sizes"]

PHASES = ("runtime", "init", "first call")
"""Phases of a cold start, in order: Lambda's client, the function's module, and what the first call imports."""

_KINDS = {".pyc": "bytecode", ".py": "source", ".so": "native"}


File = tuple[str, str, str, int]
"""A file of the layer: its package, its kind, its name and its bytes."""


class ColdStart(NamedTuple):
    """A cold start's imports: the outermost ones of each of `PHASES`."""

    name: str
    phases: dict[str, list[Import]]

    def modules(self, *phases: str) -> list[Import]:
        """Return all imports of some phases."""
        return [module for phase in phases for outer in self.phases[phase] for module in outer.walk()]

    def microseconds(self, *phases: str) -> Counter[str]:
        """Return the time of each package's own modules."""
        times: Counter[str] = Counter()
        for module in self.modules(*phases):
            times[module.name.partition(".")[0]] += module.own
        return times


@dataclass(frozen=True)
class Content:
    """The content of the report.

    Parameters
    ----------
    origin
        Date, commit and machine of the measurement.
    layer
        The zip whose files and cold starts are shown.
    files
        Its files.
    cold_starts
        Unprimed and primed.
    built
        The zips in `dist/` that were built from this commit.
    missing
        Names of the targets without a zip.
    runs
        The benchmarks' history.
    rows
        The last figures of each benchmark.
    """

    origin: str
    layer: Built
    files: Sequence[File]
    cold_starts: Sequence[ColdStart]
    built: Sequence[Built]
    missing: Sequence[str]
    runs: Sequence[dict[str, Any]]
    rows: Sequence[dict[str, Any]]


def collect(dist: Path, *, rounds: int, layer: Built | None = None, opt: Path | None = None) -> Content:
    """Measure and read the content of the report.

    Parameters
    ----------
    dist
        The folder of the zips.
    rounds
        Cold starts of each kind, of which the median is used.
    layer, opt
        The layer for this machine, and the same unpacked; None builds it.
    """
    # Imported here, because they need dependencies of the tests.
    from tests.benchmarks.history import commit, latest, machine, read
    from tests.benchmarks.packages import layer_folder

    opt = opt or layer_folder()
    found = {target.name: find_zip(target, Options(), dist) for target in targets.ALL}
    runs = read(PROJECT / "docs" / "benchmarks.json")
    return Content(
        origin=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit()}, {machine()}",
        layer=layer or build_zip(targets.parse("local"), Options(), dist),
        files=measure_sizes(opt),
        cold_starts=measure_cold_starts(opt, rounds=rounds),
        built=[built for built in found.values() if built],
        missing=[name for name, built in found.items() if built is None],
        runs=runs,
        rows=[row for _, row in latest(runs)],
    )


def measure_sizes(opt: Path) -> list[File]:
    """Return the files of an unpacked layer, bytecode with the package that it is of.

    Parameters
    ----------
    opt
        The folder that Lambda has at `/opt`.
    """
    files: list[File] = []
    for path in sorted(path for path in opt.rglob("*") if path.is_file()):
        folder, *parts = path.relative_to(opt).parts
        module = re.split("[-.]", parts[1] if parts[0] == "__pycache__" else parts[0])[0]
        package = module if folder == "python" else "manifest, SBOM, licences"
        files.append((package, _KINDS.get(path.suffix, "data"), "/".join(parts), path.stat().st_size))
    return files


def measure_cold_starts(opt: Path, *, rounds: int) -> list[ColdStart]:
    """Start the benchmarks' handler with a voice note, unprimed and primed in turns; return the median of each."""
    from tests.benchmarks.imports import import_phases
    from tests.benchmarks.services import webhook_event
    from tests.benchmarks.variants import documented_functions

    event = webhook_event(media=True)
    with documented_functions(opt) as (unprimed, primed):
        functions = {"unprimed": unprimed, "primed": primed}
        starts = [ColdStart(name, import_phases(functions[name], event)) for _ in range(rounds) for name in functions]
    starts.sort(key=lambda start: start.microseconds(*PHASES).total())
    return [[start for start in starts if start.name == name][rounds // 2] for name in functions]
