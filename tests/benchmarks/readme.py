"""The README's table of goals, made of the kept figures.

::

    uv run python -m tests.benchmarks.readme    # writes it anew, without measuring anything
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from layer.tools import PROJECT
from tests.benchmarks.history import identity, latest, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.history import Run

__all__ = ["README", "section", "write_section"]

README = PROJECT / "README.md"

_BEGIN, _END = "<!-- benchmarks -->", "<!-- end of benchmarks -->"
_PLACE = re.compile(f"{re.escape(_BEGIN)}(.*?{re.escape(_END)})?", re.DOTALL)
_INTRODUCTION = """\
The layer beside the same handler as one would write it by hand: in one run, in turns, medians; less is better. "by
hand" is as `sam build` leaves it; "by hand, bytecode" has bytecode and the runtime's boto3. "M instr" are millions of
instructions, counted by callgrind, which are the same on a busy machine; milliseconds are not.

`./build.sh bench --save` measures all of it, keeps it in [docs/benchmarks.json](docs/benchmarks.json) and writes this
table. `./build.sh report` draws it, with the layer's bytes and its imports, into one HTML page.
"""


def section(runs: Sequence[Run]) -> str:
    """Give the section: every goal with its figure, met or not, and the command that measures it."""
    rows = [(run, row) for run, row in latest(runs) if "met" in row]
    if not rows:
        return f"{_BEGIN}"
    met = sum(row["met"] for _, row in rows)
    sources = list(dict.fromkeys(identity(run) for run, _ in rows))
    lines = [
        _BEGIN,
        "",
        "## Measured",
        "",
        _INTRODUCTION,
        f"**{met} of {len(rows)} goals are met** ({'; '.join(sources)}).",
        "",
        "| what | beside | goal | measured | met | command |",
        "|---|---|---|---|---|---|",
        *(_line(row) for _, row in rows),
        "",
        _END,
    ]
    return "\n".join(lines)


def write_section(runs: Sequence[Run]) -> bool:
    """Put the section where the README's mark is; says whether that changed anything."""
    before = README.read_text(encoding="utf-8")
    after = _PLACE.sub(lambda _: section(runs), before, count=1)
    if after != before:
        README.write_text(after, encoding="utf-8")
    return after != before


def _line(row: dict[str, Any]) -> str:
    unit = row["unit"]
    if "goal" in row:
        goal = f"{row['goal']:.2f}"
        measured = f"{row['ratio']:.3f} ({_figure(row['ours'])} / {_figure(row['theirs'])} {unit})"
    else:
        goal, measured = f"{row['ceiling']:g} {unit}", f"{_figure(row['ours'])} {unit}"
    met = "yes" if row["met"] else "**no**"
    cells = [row["name"], row.get("against", "") if "goal" in row else "", goal, measured, met]
    return f"| {' | '.join(cells)} | `./build.sh bench {row['benchmark']}` |"


def _figure(figure: float) -> str:
    return f"{figure:.4g}" if abs(figure) < 1000 else f"{figure:.0f}"


if __name__ == "__main__":
    write_section(read())
