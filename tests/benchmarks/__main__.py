"""Everything compared in one table: `./build.sh bench`.

A goal that is missed is reported and is not a failure. What must not be passed is in `layer/budget.toml`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from layer.tools import PROJECT
from tests.benchmarks import history
from tests.benchmarks.catalogue import BENCHMARKS, measure
from tests.benchmarks.pages import PAGES, write_pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.rows import Row

__all__ = ["main"]


EPILOG = """\
./build.sh bench                     everything, about ten minutes
./build.sh bench sizes webhook       these two
./build.sh bench cold_start --counts the layer's instructions only (INIT, voice note, text only), to compare commits
./build.sh bench --quick             fewer rounds, and no instructions counted
./build.sh bench --save              stores date, commit, Python, processor and every row, with its goal and whether it
                                     was met, in docs/benchmarks.json, and writes the tables of README.md and
                                     docs/benchmarks.md from it
./build.sh bench sizes --save        the same for one benchmark; the others' last figures stay
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, and store the figures where asked to; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="./build.sh bench",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no instructions counted")
    parser.add_argument(
        "--save",
        action="store_true",
        help="store the figures, and write the tables of README.md and docs/benchmarks.md",
    )
    parser.add_argument("--counts", action="store_true", help="with cold_start: the layer's instructions only")
    given = parser.parse_args(arguments)
    if given.counts and (given.names != ["cold_start"] or given.save or given.quick):
        parser.error("--counts goes with cold_start alone")
    if unknown := [name for name in given.names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {unknown[0]!r}: choose from {', '.join(BENCHMARKS)}")
    names = given.names or list(BENCHMARKS)
    if given.save and given.quick:
        parser.error("what --quick measures is a look, not a figure to keep: leave out one of the two")
    if (given.counts or (given.save and {"cold_start", "service"} & set(names))) and shutil.which("valgrind") is None:
        parser.error("most goals of a cold start are in instructions: this needs valgrind (Debian's package)")
    console = Console(stderr=True)
    if given.counts:
        return _print_counts(console)
    rows: dict[str, list[Row]] = {}
    notes: list[str] = []
    for name in names:
        begin = time.perf_counter()
        with console.status(f"measuring {name}"):
            rows[name], said = _measured(name, quick=given.quick)
        notes += [f"{name}: {line}" for line in said]
        console.print(f"{name}: {time.perf_counter() - begin:.0f} s")
    _show(rows, notes)
    if given.save:
        _save(rows, console)
    return 0


def _print_counts(console: Console) -> int:
    from tests.benchmarks.cold_start import layer_counts

    with console.status("counting instructions"):
        counts = layer_counts()
    for what, millions in counts.items():
        Console().print(f"{what}: {millions:.1f} M instr", highlight=False)
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


def _save(rows: dict[str, list[Row]], console: Console) -> None:
    runs = [*history.read(), history.record(rows)]
    history.write(runs)
    write_pages(runs)
    pages = " and ".join(str(path.relative_to(PROJECT)) for path in PAGES)
    console.print(f"stored in {history.HISTORY.relative_to(PROJECT)}; the tables of {pages} are written")


if __name__ == "__main__":
    sys.exit(main())
