"""What the layer weighs, beside what one gets without a thought, and beside Powertools' own layer."""

from __future__ import annotations

import subprocess
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

from layer import targets
from layer.budget import budget
from layer.build import Options, build_zip
from tests.benchmarks.packages import PROJECT, function_folder, powertools_folder
from tests.benchmarks.rows import Note, Row

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["run"]


def run(*, quick: bool, note: Note) -> list[Row]:
    """Build the layer and both others, and weigh them in megabytes of 1,000,000 bytes."""
    built = build_zip(targets.parse("local"), Options(), PROJECT / "dist")
    allowed = budget("core")
    ours = (built.zipped / 1e6, built.unzipped / 1e6)
    naive = _weigh(path for path in _files(function_folder("by_hand", boto3=True, bytecode=False)))
    rows = [
        Row(f"layer, {kind}", "MB", mine, theirs, "pip install", ceiling=allowed[kind] / 1e6)
        for kind, mine, theirs in zip(("zipped", "unzipped"), ours, naive, strict=True)
    ]
    try:
        powertools = _weigh(_files(powertools_folder()))
    except subprocess.CalledProcessError:
        note("Powertools' own layer was not weighed: its packages could not be fetched")
        return rows
    return rows + [
        Row(f"layer, {kind}", "MB", mine, theirs, "Powertools' layer, without bytecode")
        for kind, mine, theirs in zip(("zipped", "unzipped"), ours, powertools, strict=True)
    ]


def _files(folder: Path) -> list[tuple[Path, str]]:
    return [(path, path.relative_to(folder).as_posix()) for path in sorted(folder.rglob("*")) if path.is_file()]


def _weigh(files: Iterable[tuple[Path, str]]) -> tuple[float, float]:
    """Zip as `sam package` does; gives the megabytes of the zip and of its content."""
    buffer, unzipped = BytesIO(), 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, name in files:
            archive.write(path, f"python/{name}")
            unzipped += path.stat().st_size
    return len(buffer.getvalue()) / 1e6, unzipped / 1e6
