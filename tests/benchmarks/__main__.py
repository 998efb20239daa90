"""Everything side by side in one table: `./build.sh bench`.

A goal that is missed is said and is no failure: this is a report. What must not be passed is in `layer/budget.toml`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from layer.tools import PROJECT
from layer.tools import run as run_command
from tests.benchmarks.catalogue import BENCHMARKS, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.rows import Row

__all__ = ["HISTORY", "main"]

HISTORY = PROJECT / "docs" / "benchmarks.json"
_KEPT = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, and keep the figures where asked to; gives the exit status."""
    parser = argparse.ArgumentParser(prog="./build.sh bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no instructions counted")
    parser.add_argument("--save", action="store_true", help=f"add the figures to {HISTORY.relative_to(PROJECT)}")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {unknown[0]!r}: choose from {', '.join(BENCHMARKS)}")
    console = Console(stderr=True)
    rows: dict[str, list[Row]] = {}
    notes: list[str] = []
    for name in given.names or BENCHMARKS:
        begin = time.perf_counter()
        with console.status(f"measuring {name}"):
            rows[name], said = _measured(name, quick=given.quick)
        notes += [f"{name}: {line}" for line in said]
        console.print(f"{name}: {time.perf_counter() - begin:.0f} s")
    _show(rows, notes)
    if given.save:
        _save(rows)
    return 0


def _measured(name: str, *, quick: bool) -> tuple[list[Row], list[str]]:
    # Each in a process of its own: what one sets up (loggers, variables, clients) is nothing to the next.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, name, quick=quick).result()


def _show(rows: dict[str, list[Row]], notes: Sequence[str]) -> None:
    table = Table("what", "ours", "theirs", "beside", "ratio", "goal", "met", highlight=False)
    for column in ("ours", "theirs", "ratio", "goal"):
        next(one for one in table.columns if one.header == column).justify = "right"
    for group in rows.values():
        for row in group:
            table.add_row(*_cells(row))
        table.add_section()
    console = Console()
    if console.width < 120:
        console = Console(width=120)
    console.print(table)
    for line in notes:
        console.print(f"[yellow]{escape(line)}[/]", soft_wrap=True)
    aimed = [row for group in rows.values() for row in group if row.met is not None]
    console.print(f"{sum(bool(row.met) for row in aimed)} of {len(aimed)} goals met")


def _cells(row: Row) -> tuple[str, ...]:
    goals = [] if row.goal is None else [f"{row.goal:.2f}"]
    goals += [] if row.ceiling is None else [f"{row.ceiling:g} {row.unit}"]
    met = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[row.met]
    theirs = "" if row.theirs is None else f"{_figure(row.theirs)} {row.unit}"
    ratio = "" if row.ratio is None else f"{row.ratio:.3f}"
    ours = f"{_figure(row.ours)} {row.unit}"
    return escape(row.name), ours, theirs, escape(row.against), ratio, " ".join(goals), met


def _figure(figure: float) -> str:
    return f"{figure:.4g}" if abs(figure) < 1000 else f"{figure:.0f}"


def _save(rows: dict[str, list[Row]]) -> None:
    history: list[dict[str, Any]] = json.loads(HISTORY.read_text(encoding="utf-8")) if HISTORY.exists() else []
    version = sys.version_info
    commit = run_command(["git", "rev-parse", "--short", "HEAD"]).strip()
    run = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "python": f"{version.major}.{version.minor}.{version.micro}",
        "rows": [{"benchmark": name, **row.as_json()} for name, group in rows.items() for row in group],
    }
    lines = [json.dumps(one, ensure_ascii=False) for one in [*history, run][-_KEPT:]]
    # A line for each run: small, and a diff shows what came.
    HISTORY.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
