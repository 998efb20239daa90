"""The size of the layer, compared with a plain `pip install` and with Powertools' layer."""

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
    """Build the layer and both baselines, and return their sizes in megabytes of 1,000,000 bytes."""
    built = build_zip(targets.parse("local"), Options(), PROJECT / "dist")
    allowed = budget("core")
    sizes = (built.zipped / 1e6, built.unzipped / 1e6)
    naive = _zip_sizes(path for path in _files(function_folder("baseline", boto3=True, bytecode=False)))
    rows = [
        Row(f"layer, {kind}", "MB", size, baseline, "pip install", ceiling=allowed[kind] / 1e6)
        for kind, size, baseline in zip(("zipped", "unzipped"), sizes, naive, strict=True)
    ]
    try:
        powertools = _zip_sizes(_files(powertools_folder()))
    except subprocess.CalledProcessError:
        note("Powertools' layer was not measured: its packages could not be fetched")
        return rows
    return rows + [
        Row(f"layer, {kind}", "MB", size, baseline, "Powertools' layer, without bytecode")
        for kind, size, baseline in zip(("zipped", "unzipped"), sizes, powertools, strict=True)
    ]


def _files(folder: Path) -> list[tuple[Path, str]]:
    return [(path, path.relative_to(folder).as_posix()) for path in sorted(folder.rglob("*")) if path.is_file()]


def _zip_sizes(files: Iterable[tuple[Path, str]]) -> tuple[float, float]:
    """Zip as `sam package` does, and return the megabytes of the zip and of its content."""
    buffer, unzipped = BytesIO(), 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, name in files:
            archive.write(path, f"python/{name}")
            unzipped += path.stat().st_size
    return len(buffer.getvalue()) / 1e6, unzipped / 1e6
