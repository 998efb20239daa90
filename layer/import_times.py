"""Python's report of import times, parsed into a tree.

`python -X importtime` prints a line for each module when its import ends, those it imported before it and two spaces
further in (https://docs.python.org/3/using/cmdline.html#cmdoption-X).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Import", "longest", "parse", "phases"]

_LINE = re.compile(r"^import time:\s+(\d+) \|\s+(\d+) \| (\s*)(\S+)\s*$", re.MULTILINE)


@dataclass
class Import:
    """A module with its own microseconds and those of all that it was the first to import."""

    name: str
    own: int
    total: int
    children: list[Import] = field(default_factory=list)

    def walk(self) -> Iterator[Import]:
        """Yield this import and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def parse(printed: str) -> list[Import]:
    """Parse the output of `-X importtime`, and return the outermost imports in order.

    Examples
    --------
    >>> printed = '''import time: self [us] | cumulative | imported package
    ... import time:        20 |         20 |   json.decoder
    ... import time:        10 |         30 | json'''
    >>> [(root.name, root.total, [child.name for child in root.children]) for root in parse(printed)]
    [('json', 30, ['json.decoder'])]
    """
    waiting: dict[int, list[Import]] = {}
    for own, total, indent, name in _LINE.findall(printed):
        depth = len(indent) // 2
        waiting.setdefault(depth, []).append(Import(name, int(own), int(total), waiting.pop(depth + 1, [])))
    return waiting.get(0, [])


def phases(imports: Iterable[Import], module: str) -> dict[str, list[Import]]:
    """Divide a function's imports: before its module, its module (INIT), and after it (the first call)."""
    found: dict[str, list[Import]] = {"runtime": [], "init": [], "first call": []}
    phase = "runtime"
    for one in imports:
        if one.name == module:
            found["init"].append(one)
            phase = "first call"
        else:
            found[phase].append(one)
    return found


def longest(imports: Iterable[Import], most: int = 10) -> str:
    """Return the packages with the most time of their own as lines of text."""
    times: Counter[str] = Counter()
    for outer in imports:
        for one in outer.walk():
            times[one.name.split(".")[0]] += one.own
    return "\n".join(f"{time / 1000:8.1f} ms  {name}" for name, time in times.most_common(most))
