"""The tables of README.md and docs/benchmarks.md, generated from the stored figures.

::

    uv run python -m tests.benchmarks.pages    # writes them again, without measuring
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from layer.tools import PROJECT
from tests.benchmarks.history import identity, key, latest, read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tests.benchmarks.history import Run

__all__ = ["PAGES", "full_table", "summary_table", "write_pages"]

_BEGIN, _END = "<!-- benchmarks -->", "<!-- end of benchmarks -->"

_SUMMARY = (
    ("cold_start", "cold start, voice note", "M instr", "baseline"),
    ("cold_start", "cold start, voice note", "M instr", "baseline, bytecode"),
    ("cold_start", "cold start, text only", "M instr", "baseline"),
    ("cold_start", "peak memory, voice note", "MB", "baseline"),
    ("service", "service, cold start with a POST", "M instr", "FastAPI with Mangum"),
)
"""The comparisons of the README, as `history.key` names them."""


def summary_table(runs: Sequence[Run]) -> str:
    """Return the README's rows, and the number of goals met."""
    rows = [row for _, row in latest(runs)]
    goals = [row["met"] for row in rows if "met" in row]
    chosen = [row for wanted in _SUMMARY for row in rows if key(row) == wanted]
    table = _table(("", "this layer", "compared with", "ratio", "goal"), chosen, _summary_cells)
    return f"{table}\n\n{sum(goals)} of {len(goals)} goals are met."


def full_table(runs: Sequence[Run]) -> str:
    """Return the rows of each benchmark's last run, with its command and date."""
    found = latest(runs)
    goals = [row["met"] for _, row in found if "met" in row]
    parts = [f"{sum(goals)} of {len(goals)} goals are met."]
    for name, group in groupby(found, key=lambda pair: pair[1]["benchmark"]):
        pairs = list(group)
        head = f"### `./build.sh bench {name}`\n\n{identity(pairs[0][0])}."
        table = _table(
            ("", "this layer", "compared with", "ratio", "goal", "met"), [row for _, row in pairs], _full_cells
        )
        parts.append(f"{head}\n\n{table}")
    return "\n\n".join(parts)


PAGES: Mapping[Path, Callable[[Sequence[Run]], str]] = {
    PROJECT / "README.md": summary_table,
    PROJECT / "docs" / "benchmarks.md": full_table,
}
"""Each page with the function that returns the text between its markers."""


def write_pages(runs: Sequence[Run]) -> None:
    """Write the tables between the markers of their pages."""
    for path, table in PAGES.items():
        before, _, rest = path.read_text(encoding="utf-8").partition(_BEGIN)
        after = rest.partition(_END)[2]
        path.write_text(f"{before}{_BEGIN}\n\n{table(runs)}\n\n{_END}{after}", encoding="utf-8")


def _table(
    head: Sequence[str], rows: Sequence[Mapping[str, Any]], cells: Callable[[Mapping[str, Any]], Sequence[str]]
) -> str:
    lines = [head, ["---"] * len(head), *(cells(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _summary_cells(row: Mapping[str, Any]) -> list[str]:
    unit = row["unit"]
    baseline = f"{row['against']}: {_figure(row['baseline'])} {unit}" if "baseline" in row else ""
    ratio = f"{row['ratio']:.2f}" if "ratio" in row else ""
    return [row["name"], f"{_figure(row['layer'])} {unit}", baseline, ratio, _goal(row)]


def _full_cells(row: Mapping[str, Any]) -> list[str]:
    return [*_summary_cells(row), {True: "yes", False: "**no**"}.get(row.get("met", ""), "")]


def _goal(row: Mapping[str, Any]) -> str:
    goals = [f"{row['goal']:.2f}"] if "goal" in row else []
    goals += [f"{row['ceiling']:g} {row['unit']}"] if "ceiling" in row else []
    return ", ".join(goals)


def _figure(figure: float) -> str:
    return f"{figure:.4g}" if abs(figure) < 1000 else f"{figure:.0f}"


if __name__ == "__main__":
    write_pages(read())
