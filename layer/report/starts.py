"""How the benchmarks' webhook handler starts: what it imports, unprimed and primed, over several cold starts."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layer.import_times import Import

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["PHASES", "Start", "measure_starts", "typical"]

PHASES = {
    "runtime": "Lambda's client",
    "init": "INIT",
    "first call": "first call",
}
"""Parts of a cold start, in order, and what they are called in the page."""


@dataclass(frozen=True)
class Start:
    """A cold start's imports: the outermost ones of each of `PHASES`."""

    name: str
    phases: dict[str, list[Import]]

    def milliseconds(self, *phases: str) -> float:
        """Give the time of some phases' imports; of all of them where none is named."""
        return sum(one.total for phase in phases or self.phases for one in self.phases[phase]) / 1000

    def modules(self, *phases: str) -> int:
        """Count the modules that are imported in some phases."""
        return sum(1 for phase in phases or self.phases for one in self.phases[phase] for _ in one.walk())

    def by_package(self, *phases: str) -> dict[str, float]:
        """Give the milliseconds of each package's own, the longest first."""
        found: Counter[str] = Counter()
        for phase in phases or self.phases:
            for outer in self.phases[phase]:
                for one in outer.walk():
                    found[one.name.partition(".")[0]] += one.own
        return {name: time / 1000 for name, time in found.most_common()}


def measure_starts(layer: Path | None = None, *, rounds: int) -> list[Start]:
    """Start the handler with a voice note, unprimed and primed in turns.

    Parameters
    ----------
    layer
        The unpacked layer; None builds it.
    rounds
        Cold starts of each.
    """
    # Here, because they need what only the tests do.
    from tests.benchmarks.cold_start import PARTS, shared_function
    from tests.benchmarks.imports import import_phases
    from tests.benchmarks.packages import layer_folder, runtime_folder
    from tests.benchmarks.world import webhook_event, world

    python = (layer or layer_folder()) / "python"
    found: dict[str, list[dict[str, list[Import]]]] = {"unprimed": [], "primed": []}
    with world() as url:
        event = webhook_event(url, media=True)
        functions = [
            shared_function(url, python, runtime_folder()),
            shared_function(url, python, runtime_folder(), PRIME=PARTS),
        ]
        for _ in range(rounds):
            for name, function in zip(found, functions, strict=True):
                found[name].append(import_phases(function, event))
    return [
        Start(name, {phase: typical([one[phase] for one in measured]) for phase in PHASES})
        for name, measured in found.items()
    ]


def typical(measured: Sequence[Sequence[Import]]) -> list[Import]:
    """Give the imports of one start, each with its median over all starts.

    Parameters
    ----------
    measured
        The outermost imports of each start.

    Examples
    --------
    >>> starts = [[Import("json", own, own)] for own in (10, 900, 12)]
    >>> [(one.name, one.own, one.total) for one in typical(starts)]
    [('json', 12, 12)]
    """
    times: dict[tuple[str, ...], list[int]] = {}

    def collect(imports: Sequence[Import], above: tuple[str, ...]) -> None:
        for one in imports:
            times.setdefault((*above, one.name), []).append(one.own)
            collect(one.children, (*above, one.name))

    def merge(imports: Sequence[Import], above: tuple[str, ...]) -> list[Import]:
        merged = []
        for one in imports:
            children = merge(one.children, (*above, one.name))
            own = round(statistics.median(times[*above, one.name]))
            merged.append(Import(one.name, own, own + sum(child.total for child in children), children))
        return merged

    for one in measured:
        collect(one, ())
    return merge(measured[0], ()) if measured else []
