"""What a benchmark gives: a figure of ours, theirs beside it, and what was aimed at."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Note", "Row", "alternate", "medians"]

Note = Callable[[str], None]
"""Takes a line to print below the table, such as what could not be measured here."""


@dataclass(frozen=True)
class Row:
    """One comparison.

    Parameters
    ----------
    name
        What was measured.
    unit
        Of both figures, such as `"ms"` or `"M instr"`.
    ours
        Our figure; less is better.
    theirs
        The figure of `against`, from the same run.
    against
        What ours is compared with.
    goal
        The highest ratio aimed at.
    ceiling
        The highest figure of ours aimed at, where the goal is no ratio.
    """

    name: str
    unit: str
    ours: float
    theirs: float | None = None
    against: str = ""
    goal: float | None = None
    ceiling: float | None = None

    @property
    def ratio(self) -> float | None:
        """Ours by theirs."""
        return self.ours / self.theirs if self.theirs else None

    @property
    def met(self) -> bool | None:
        """Whether what was aimed at is reached; None where nothing was."""
        found = []
        if self.goal is not None and self.ratio is not None:
            found.append(self.ratio <= self.goal)
        if self.ceiling is not None:
            found.append(self.ours <= self.ceiling)
        return all(found) if found else None

    def as_json(self) -> dict[str, Any]:
        """Give what the history keeps."""
        kept = {
            "name": self.name,
            "unit": self.unit,
            "ours": _short(self.ours),
            "theirs": None if self.theirs is None else _short(self.theirs),
            "against": self.against or None,
            "ratio": None if self.ratio is None else _short(self.ratio),
            "goal": self.goal,
            "ceiling": self.ceiling,
            "met": self.met,
        }
        return {name: value for name, value in kept.items() if value is not None}


def medians(*measured: Callable[[], float], rounds: int) -> list[float]:
    """Call what measures itself in turns, each first in every other round; gives the median of each."""
    found: list[list[float]] = [[] for _ in measured]
    for number in range(rounds):
        order = range(len(measured)) if number % 2 else reversed(range(len(measured)))
        for index in order:
            found[index].append(measured[index]())
    return [statistics.median(one) for one in found]


def alternate(*calls: Callable[[], object], rounds: int, times: int) -> list[float]:
    """Give the median microseconds of one call of each function, measured in turns after a round to warm up."""

    def measuring(call: Callable[[], object]) -> Callable[[], float]:
        def measure() -> float:
            begin = time.perf_counter()
            for _ in range(times):
                call()
            return (time.perf_counter() - begin) / times * 1e6

        return measure

    measured = [measuring(call) for call in calls]
    for one in measured:
        one()
    return medians(*measured, rounds=rounds)


def _short(figure: float) -> float:
    return float(f"{figure:.4g}")
