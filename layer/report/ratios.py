"""The benchmarks' rows: a bar for the ratio with a mark for the goal, and a small line for its history."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from layer.report.svg import tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.history import Run

__all__ = ["bar", "figure", "sparkline", "value"]

_BAR = (120, 10)
# How far a bar may go: a little beyond what it is compared with.
_END = 1.2
_SPARK = (72, 24)
_DIGITS = 3


def figure(number: float) -> str:
    """Write a figure with four digits at most.

    Examples
    --------
    >>> figure(6170.4), figure(0.16534)
    ('6170', '0.1653')
    """
    return f"{number:.4g}" if abs(number) < 10**_DIGITS else f"{number:.0f}"


def value(row: dict[str, Any]) -> float:
    """Give what the history of a row is drawn of: its ratio, or our figure where it is held to a ceiling."""
    return float(row["ours"] if "ratio" not in row or "ceiling" in row else row["ratio"])


def bar(row: dict[str, Any]) -> str:
    """Draw a row's figure as a part of what it is compared with, else of its ceiling; empty where it has neither."""
    width, height = _BAR
    whole = float(row.get("theirs") or row.get("ceiling") or 0)
    if not whole:
        return ""
    share = row["ours"] / whole
    goal = row.get("goal", row["ceiling"] / whole if "ceiling" in row else None)
    kind = {True: "met", False: "missed", None: "plain"}[row.get("met")]
    content = tag("rect", "", class_="track", width=width, height=height, rx=2)
    content += tag(
        "rect", "", class_=f"bar {kind}", width=f"{max(1.5, min(1.0, share / _END) * width):.1f}", height=height, rx=2
    )
    if goal is not None:
        at = f"{min(1.0, goal / _END) * width:.1f}"
        content += tag("line", "", class_="goal", x1=at, x2=at, y1=-3, y2=height + 3)
    # The figures stand beside it in the table.
    return tag("svg", content, class_="bar", width=width, height=height, aria_hidden="true", focusable="false")


def sparkline(points: Sequence[tuple[Run, dict[str, Any]]]) -> str:
    """Draw a row's values, oldest first, with the goal as a dashed line."""
    width, height = _SPARK
    values: list[float] = [value(row) for _, row in points]
    last = points[-1][1]
    goal: float | None = last.get("ceiling", last.get("goal"))
    within = [*values, *([] if goal is None else [goal])]
    low, high = min(within), max(within)
    margin = (high - low) * 0.15 or abs(high) * 0.1 or 1.0
    low, high = low - margin, high + margin

    def y(number: float) -> float:
        return (high - number) / (high - low) * height

    def x(index: int) -> float:
        return 4 + (width - 8) * (index / (len(values) - 1) if len(values) > 1 else 1)

    content = ""
    if goal is not None:
        content += tag("line", "", class_="goal", x1=0, x2=width, y1=f"{y(goal):.1f}", y2=f"{y(goal):.1f}")
    if len(values) > 1:
        path = " ".join(f"{x(index):.1f},{y(number):.1f}" for index, number in enumerate(values))
        content += tag("polyline", "", points=path)
    kind = {True: "met", False: "missed", None: "plain"}[last.get("met")]
    content += tag("circle", "", class_=kind, cx=f"{x(len(values) - 1):.1f}", cy=f"{y(values[-1]):.1f}", r=2.6)
    said = "; ".join(f"{run['date'][:10]} ({run['commit']}): {figure(value(row))}" for run, row in points[-8:])
    title = tag("title", escape(said))
    box = f"0 0 {width} {height}"
    return tag(
        "svg", title + content, class_="spark", width=width, height=height, viewBox=box, role="img", aria_label=said
    )
