"""The gist of the page, for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from layer.report.ratios import figure
from layer.report.starts import PHASES
from layer.report.svg import megabytes
from layer.report.weights import KINDS

if TYPE_CHECKING:
    from rich.console import Console

    from layer.report.content import Content

__all__ = ["print_gist"]

_PACKAGES = 6


def print_gist(content: Content, console: Console) -> None:
    """Print the heaviest packages, the imports before and after priming, and the goals that are missed."""
    layer = content.layer
    console.print(
        f"[bold]{layer.target}[/]: {megabytes(layer.zipped)} zipped, {megabytes(layer.unzipped)} unpacked, "
        f"{layer.files} files",
        highlight=False,
    )
    console.print(_weights(content), _starts(content))
    aimed = content.aimed
    missed = [row for row in aimed if not row["met"]]
    if aimed:
        console.print(f"{len(aimed) - len(missed)} of {len(aimed)} goals met at the last saved run", highlight=False)
    for row in missed:
        against = f" beside {row['against']}" if "against" in row else ""
        reached = row["ratio"] if "goal" in row else row["ours"]
        goal = row["goal"] if "goal" in row else row["ceiling"]
        line = f"{row['name']}{against} ({row['unit']}): {figure(reached)}, and {figure(goal)} was the goal"
        console.print(f"  [red]missed[/] {escape(line)}", highlight=False, soft_wrap=True)
    if content.missing:
        names = ", ".join(content.missing)
        line = f"not built from these sources: {names}; ./build.sh report --all builds them"
        console.print(f"[yellow]{line}[/]", highlight=False, soft_wrap=True)


def _weights(content: Content) -> Table:
    table = Table("package", "bytes", *KINDS.values(), highlight=False)
    for package in content.packages[:_PACKAGES]:
        kinds = package.by_kind()
        parts = [megabytes(kinds[kind]) if kinds[kind] else "" for kind in KINDS]
        table.add_row(package.name, megabytes(package.size), *parts)
    return table


def _starts(content: Content) -> Table:
    table = Table("imports of a cold start", *PHASES.values(), highlight=False)
    for start in content.starts:
        parts = [f"{start.milliseconds(phase):.0f} ms, {start.modules(phase)} modules" for phase in PHASES]
        table.add_row(start.name, *parts)
    return table
