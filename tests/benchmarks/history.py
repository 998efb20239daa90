"""The figures that are kept in `docs/benchmarks.json`: a list of runs, oldest first, each with its rows.

`./build.sh bench --save` adds a run. A line for each row, in the order of the catalogue, lets a diff be read.
"""

from __future__ import annotations

import json
import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layer.tools import PROJECT, BuildError
from layer.tools import run as run_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.benchmarks.rows import Row

__all__ = ["HISTORY", "Run", "identity", "key", "latest", "read", "record", "series", "write"]

HISTORY = PROJECT / "docs" / "benchmarks.json"

Run = dict[str, Any]
"""A run as it is kept: `date`, `commit`, `python`, `machine`, and `rows`."""

_KEPT = 40


def record(rows: Mapping[str, Iterable[Row]]) -> Run:
    """Make a run of what was measured just now.

    Parameters
    ----------
    rows
        By the benchmark's name.
    """
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": machine(),
        "rows": [{"benchmark": name, **row.as_json()} for name, group in rows.items() for row in group],
    }


def read(path: Path = HISTORY) -> list[Run]:
    """Give all runs that were kept, oldest first; none where none were."""
    found: list[Run] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return found


def write(runs: Sequence[Run], path: Path = HISTORY) -> None:
    """Keep the last runs."""
    path.write_text("[\n" + ",\n".join(_printed(run) for run in runs[-_KEPT:]) + "\n]\n", encoding="utf-8")


def key(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Say which comparison a kept row is of: the same in every run."""
    return tuple(str(row.get(name, "")) for name in ("benchmark", "name", "unit", "against"))


def latest(runs: Sequence[Run]) -> list[tuple[Run, dict[str, Any]]]:
    """Give the rows of each benchmark's last run, with that run.

    A run of some benchmarks only takes nothing from the others.

    Examples
    --------
    >>> first = {"commit": "a", "rows": [{"benchmark": "s3", "ours": 2}, {"benchmark": "sizes", "ours": 9}]}
    >>> second = {"commit": "b", "rows": [{"benchmark": "s3", "ours": 1}]}
    >>> [(run["commit"], row["ours"]) for run, row in latest([first, second])]
    [('b', 1), ('a', 9)]
    """
    newest: dict[str, Run] = {}
    for run in runs:
        newest |= {row["benchmark"]: run for row in run["rows"]}
    return [(run, row) for name, run in newest.items() for row in run["rows"] if row["benchmark"] == name]


def series(runs: Sequence[Run], row: Mapping[str, Any]) -> list[tuple[Run, dict[str, Any]]]:
    """Give the same comparison in every run that has it, oldest first."""
    wanted = key(row)
    return [(run, one) for run in runs for one in run["rows"] if key(one) == wanted]


def identity(run: Run) -> str:
    """Say in a few words when, of what and where a run was."""
    return f"{run['date'][:10]}, commit {run['commit']}, {run['python']}, {run['machine']}"


def commit() -> str:
    """Give the commit's short name, with a plus where code was changed since; `unknown` where git does not say."""
    try:
        name = run_command(["git", "rev-parse", "--short", "HEAD"]).strip()
        changed = run_command(["git", "status", "--porcelain", "--untracked-files=no", "--", "src", "layer", "tests"])
    except BuildError:
        return "unknown"
    return f"{name}+" if changed.strip() else name


def machine() -> str:
    """Give the processor's name and how many of it there are."""
    name = platform.processor() or platform.machine()
    cpus = Path("/proc/cpuinfo")
    if cpus.exists() and (found := re.search(r"^model name\s*:\s*(.+)$", cpus.read_text(), re.MULTILINE)):
        name = found[1].strip()
    return f"{name}, {os.cpu_count()} CPUs"


def _printed(run: Run) -> str:
    head = [
        f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)},"
        for name, value in run.items()
        if name != "rows"
    ]
    rows = ",\n".join(f"   {json.dumps(row, ensure_ascii=False)}" for row in run["rows"])
    return "\n".join([" {", *head, '  "rows": [', rows, "  ]", " }"])
