"""The result of a benchmark: a figure of the layer, one of the baseline, and a goal."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Note", "Row", "alternate", "medians"]

Note = Callable[[str], None]
"""Called with a line to print below the table, such as what could not be measured."""


@dataclass(frozen=True)
class Row:
    """One comparison.

    Parameters
    ----------
    name
        What was measured.
    unit
        The unit of both figures, such as `"ms"` or `"M instr"`.
    layer
        The layer's figure; less is better.
    baseline
        The figure of `against`, from the same run.
    against
        What the layer is compared with.
    goal
        The highest ratio that meets the goal.
    ceiling
        The highest figure of the layer that meets the goal, where the goal is not a ratio.
    """

    name: str
    unit: str
    layer: float
    baseline: float | None = None
    against: str = ""
    goal: float | None = None
    ceiling: float | None = None

    @property
    def ratio(self) -> float | None:
        """The layer's figure divided by the baseline's."""
        return self.layer / self.baseline if self.baseline else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        found = []
        if self.goal is not None and self.ratio is not None:
            found.append(self.ratio <= self.goal)
        if self.ceiling is not None:
            found.append(self.layer <= self.ceiling)
        return all(found) if found else None

    def as_json(self) -> dict[str, Any]:
        """Return the row as the history stores it."""
        fields = {
            "name": self.name,
            "unit": self.unit,
            "layer": _short(self.layer),
            "baseline": None if self.baseline is None else _short(self.baseline),
            "against": self.against or None,
            "ratio": None if self.ratio is None else _short(self.ratio),
            "goal": self.goal,
            "ceiling": self.ceiling,
            "met": self.met,
        }
        return {name: value for name, value in fields.items() if value is not None}


def medians(*measured: Callable[[], float], rounds: int) -> list[float]:
    """Call functions that return a measurement, in alternating order, and return the median of each."""
    found: list[list[float]] = [[] for _ in measured]
    for number in range(rounds):
        order = range(len(measured)) if number % 2 else reversed(range(len(measured)))
        for index in order:
            found[index].append(measured[index]())
    return [statistics.median(figures) for figures in found]


def alternate(*calls: Callable[[], object], rounds: int, times: int) -> list[float]:
    """Return the median microseconds of a call of each function, measured in turns after a warm-up round."""

    def create_measure(call: Callable[[], object]) -> Callable[[], float]:
        def measure() -> float:
            begin = time.perf_counter()
            for _ in range(times):
                call()
            return (time.perf_counter() - begin) / times * 1e6

        return measure

    measured = [create_measure(call) for call in calls]
    for measure in measured:
        measure()
    return medians(*measured, rounds=rounds)


def _short(figure: float) -> float:
    return float(f"{figure:.4g}")
