"""The figures stored in `docs/benchmarks.json`: a list of runs, oldest first, each with its rows.

`./build.sh bench --save` adds a run. Each row is one line, in the order of the catalogue, so that diffs are readable.
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
"""A stored run: `date`, `commit`, `python`, `machine`, and `rows`."""

_MAX_RUNS = 40


def record(rows: Mapping[str, Iterable[Row]]) -> Run:
    """Create a run from the rows just measured.

    Parameters
    ----------
    rows
        Rows by the benchmark's name.
    """
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": machine(),
        "rows": [{"benchmark": name, **row.as_json()} for name, group in rows.items() for row in group],
    }


def read(path: Path = HISTORY) -> list[Run]:
    """Return all stored runs, oldest first."""
    found: list[Run] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return found


def write(runs: Sequence[Run], path: Path = HISTORY) -> None:
    """Store the last `_MAX_RUNS` runs."""
    path.write_text("[\n" + ",\n".join(_format_run(run) for run in runs[-_MAX_RUNS:]) + "\n]\n", encoding="utf-8")


def key(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the key of a row's comparison, which is the same in every run."""
    return tuple(str(row.get(name, "")) for name in ("benchmark", "name", "unit", "against"))


def latest(runs: Sequence[Run]) -> list[tuple[Run, dict[str, Any]]]:
    """Return the rows of each benchmark's last run, with that run.

    A run of some benchmarks does not replace the rows of the others.

    Examples
    --------
    >>> first = {"commit": "a", "rows": [{"benchmark": "s3", "layer": 2}, {"benchmark": "sizes", "layer": 9}]}
    >>> second = {"commit": "b", "rows": [{"benchmark": "s3", "layer": 1}]}
    >>> [(run["commit"], row["layer"]) for run, row in latest([first, second])]
    [('b', 1), ('a', 9)]
    """
    newest: dict[str, Run] = {}
    for run in runs:
        newest |= {row["benchmark"]: run for row in run["rows"]}
    return [(run, row) for name, run in newest.items() for row in run["rows"] if row["benchmark"] == name]


def series(runs: Sequence[Run], row: Mapping[str, Any]) -> list[tuple[Run, dict[str, Any]]]:
    """Return the same comparison from every run that has it, oldest first."""
    wanted = key(row)
    return [(run, row) for run in runs for row in run["rows"] if key(row) == wanted]


def identity(run: Run) -> str:
    """Return a run's date, commit, Python and machine as text."""
    return f"{run['date'][:10]}, commit {run['commit']}, {run['python']}, {run['machine']}"


def commit() -> str:
    """Return the commit's short hash, with a plus for uncommitted changes; `unknown` where git fails."""
    try:
        name = run_command(["git", "rev-parse", "--short", "HEAD"]).strip()
        changed = run_command(["git", "status", "--porcelain", "--untracked-files=no", "--", "src", "layer", "tests"])
    except BuildError:
        return "unknown"
    return f"{name}+" if changed.strip() else name


def machine() -> str:
    """Return the processor's name and count."""
    name = platform.processor() or platform.machine()
    cpus = Path("/proc/cpuinfo")
    if cpus.exists() and (found := re.search(r"^model name\s*:\s*(.+)$", cpus.read_text(), re.MULTILINE)):
        name = found[1].strip()
    return f"{name}, {os.cpu_count()} CPUs"


def _format_run(run: Run) -> str:
    head = [
        f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)},"
        for name, value in run.items()
        if name != "rows"
    ]
    rows = ",\n".join(f"   {json.dumps(row, ensure_ascii=False)}" for row in run["rows"])
    return "\n".join([" {", *head, '  "rows": [', rows, "  ]", " }"])
