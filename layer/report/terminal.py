"""The summary of the layer report, for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from layer.report.tables import key_figures, outcome, sizes

if TYPE_CHECKING:
    from rich.console import Console

    from layer.report.content import Content

__all__ = ["print_summary"]

_ROWS = 6


def print_summary(content: Content, console: Console) -> None:
    """Print the key figures, the largest packages, the goals that are missed and the targets that are missing."""
    lines = [f"[bold]{figure}[/] {escape(name)}" for figure, name in key_figures(content)]
    missed = [row for row in content.rows if row.get("met") is False]
    lines += [f"[red]missed[/] {escape(row['name'])}: {escape(outcome(row))}" for row in missed]
    if content.missing:
        lines.append(f"[yellow]not built: {', '.join(content.missing)}; ./build.sh report --all builds them[/]")
    console.print("\n".join(lines), highlight=False, soft_wrap=True)
    head, *packages = sizes(content)
    table = Table(*head, highlight=False)
    for row in packages[:_ROWS]:
        table.add_row(*row)
    console.print(table)
