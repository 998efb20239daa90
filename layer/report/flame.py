"""A cold start's imports as a flame chart: time from left to right, who imported whom from top to bottom."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from layer.report.starts import PHASES
from layer.report.svg import drawing, percent, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layer.import_times import Import
    from layer.report.starts import Start

__all__ = ["FAMILIES", "axis_end", "family", "flame_chart"]

FAMILIES = {
    "own": "this package",
    "pydantic": "pydantic",
    "powertools": "Powertools",
    "boto": "boto3's",
    "http": "httpx's and TLS",
    "stdlib": "standard library",
    "other": "others",
}
"""Colours of frames, and what they stand for."""

_BY_PACKAGE = {
    "app": "own",
    "ai_voice_shared": "own",
    "pydantic": "pydantic",
    "pydantic_core": "pydantic",
    "annotated_types": "pydantic",
    "typing_inspection": "pydantic",
    "typing_extensions": "pydantic",
    "aws_lambda_powertools": "powertools",
    "jmespath": "powertools",
    "boto3": "boto",
    "botocore": "boto",
    "s3transfer": "boto",
    "dateutil": "boto",
    "urllib3": "boto",
    "six": "boto",
    "httpx": "http",
    "httpcore": "http",
    "anyio": "http",
    "h11": "http",
    "idna": "http",
    "certifi": "http",
    "ssl": "http",
    "_ssl": "http",
}
_OTHERS = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py", "aws_xray_sdk", "wrapt", "cachetools")

_ROW = 20
_TOP = 26
_WIDTH = 1120
_LETTER = 6.7
_LEAST_LETTERS = 3
# What is narrower than this share of the chart is not drawn.
_LEAST_SHARE = 1e-3
_TICKS = 8


def family(module: str) -> str:
    """Say which of `FAMILIES` a module belongs to.

    Examples
    --------
    >>> family("pydantic.main"), family("json.decoder")
    ('pydantic', 'stdlib')
    """
    package = module.partition(".")[0]
    return _BY_PACKAGE.get(package, "other" if package in _OTHERS else "stdlib")


def axis_end(starts: Sequence[Start]) -> float:
    """Give the milliseconds that all charts reach to, so that they can be compared."""
    return max(start.milliseconds() for start in starts) * 1.01


def flame_chart(identifier: str, title: str, start: Start, end: float) -> str:
    """Draw one start.

    Parameters
    ----------
    end
        Milliseconds at the right edge.
    """
    frames: list[str] = []
    begin = deepest = 0.0
    for phase, said in PHASES.items():
        taken = start.milliseconds(phase)
        words = f"{said}: {taken:.0f} ms in {start.modules(phase)} imports"
        frames.append(_frame(words, f"phase {phase.split()[0]}", begin, taken, 0, end, words))
        left = begin
        for one in start.phases[phase]:
            deepest = max(deepest, _draw(one, left, 1, end, frames))
            left += one.total / 1000
        begin += taken
    height = _TOP + _ROW * (int(deepest) + 1) + 6
    times = list(start.by_package("init", "first call").items())
    longest = ", ".join(f"{name} {time:.0f} ms" for name, time in times[:5])
    parts = "; ".join(f"{said} {start.milliseconds(phase):.0f} ms" for phase, said in PHASES.items())
    return drawing(
        identifier,
        title,
        f"Time in imports: {parts}. The longest of INIT and first call: {longest}.",
        _axis(end, height) + tag("g", "".join(frames), class_="frames"),
        class_="flame",
        width="100%",
        height=height,
        data_end=f"{end:.3f}",
    )


def _draw(one: Import, left: float, depth: int, end: float, frames: list[str]) -> int:
    """Draw an import and, below it, those that it was the first to make; gives the depth that is reached."""
    milliseconds = one.total / 1000
    if milliseconds < end * _LEAST_SHARE:
        return depth - 1
    said = f"{one.name}\n{milliseconds:.1f} ms, of these {one.own / 1000:.1f} ms its own"
    frames.append(_frame(one.name, family(one.name), left, milliseconds, depth, end, said))
    reached = depth
    for child in one.children:
        reached = max(reached, _draw(child, left, depth + 1, end, frames))
        left += child.total / 1000
    return reached


def _frame(name: str, kind: str, left: float, taken: float, depth: int, end: float, said: str) -> str:
    y = _TOP + depth * _ROW
    x, width = percent(left, end), percent(taken, end)
    letters = int((taken / end * _WIDTH - 8) / _LETTER)
    shown = name if letters >= len(name) else _shortened(name.rpartition(".")[2], letters)
    box = tag("rect", "", x=x, y=y, width=width, height=_ROW - 1, class_=kind)
    text = tag("text", escape(shown), x=x, dx=5, y=y + 14)
    return tag("g", tag("title", escape(said)) + box + text, class_="frame", data_name=name)


def _shortened(name: str, letters: int) -> str:
    if letters >= len(name):
        return name
    return f"{name[: letters - 1]}…" if letters > _LEAST_LETTERS else ""


def _axis(end: float, height: int) -> str:
    step = _step(end)
    marks = []
    for number in range(int(end / step) + 1):
        at = percent(number * step, end)
        marks.append(tag("line", "", x1=at, x2=at, y1=18, y2=height))
        if number * step < end * 0.96:
            marks.append(tag("text", f"{number * step:g} ms", x=at, dx=3, y=13))
    return tag("g", "".join(marks), class_="axis")


def _step(end: float) -> float:
    """Give a round number of milliseconds between two marks."""
    rough = end / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
