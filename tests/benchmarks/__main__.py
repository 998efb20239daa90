"""Run the benchmarks and print one table: `./build.sh bench`.

A goal that is missed is reported and is not a failure. The hard limits are in `layer/budget.toml`.
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
./build.sh bench sizes --save        the same for one benchmark; the stored figures of the others stay
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks, print a table, store the figures with `--save`, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="./build.sh bench",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no instructions counted")
    parser.add_argument(
        "--save",
        action="store_true",
        help="store the figures, and write the tables of README.md and docs/benchmarks.md",
    )
    parser.add_argument("--counts", action="store_true", help="with cold_start: the layer's instructions only")
    given = parser.parse_args(arguments)
    if given.counts and (given.names != ["cold_start"] or given.save or given.quick):
        parser.error("--counts can only be used with cold_start and no other option")
    if unknown := [name for name in given.names if name not in BENCHMARKS]:
        parser.error(f"invalid benchmark {unknown[0]!r}: choose from {', '.join(BENCHMARKS)}")
    names = given.names or list(BENCHMARKS)
    if given.save and given.quick:
        parser.error("--save and --quick exclude each other: quick figures are too inexact to store")
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
            rows[name], lines = _run_isolated(name, quick=given.quick)
        notes += [f"{name}: {line}" for line in lines]
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


def _run_isolated(name: str, *, quick: bool) -> tuple[list[Row], list[str]]:
    # A process for each benchmark, so that its loggers, variables and clients do not affect the next.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, name, quick=quick).result()


def _show(rows: dict[str, list[Row]], notes: Sequence[str]) -> None:
    table = Table("measured", "layer", "baseline", "compared with", "ratio", "goal", "met", highlight=False)
    for column in ("layer", "baseline", "ratio", "goal"):
        next(item for item in table.columns if item.header == column).justify = "right"
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
    baseline = "" if row.baseline is None else f"{_figure(row.baseline)} {row.unit}"
    ratio = "" if row.ratio is None else f"{row.ratio:.3f}"
    layer = f"{_figure(row.layer)} {row.unit}"
    return escape(row.name), layer, baseline, escape(row.against), ratio, " ".join(goals), met


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
