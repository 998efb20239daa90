"""The time to build the layer, compared with `sam build` of the same requirements, both with warm caches."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from layer.requirements import locked
from tests.benchmarks.packages import PROJECT
from tests.benchmarks.rows import Note, Row, medians

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["run"]

ROUNDS = 5
QUICK_ROUNDS = 1
_TAIL = 15

_TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Layer:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: layer
    Metadata:
      BuildMethod: {method}
"""


def run(*, quick: bool, note: Note) -> list[Row]:
    """Build both in turns, then the layer again with nothing changed."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _write_sam_project(folder)
        base = Path(sys.base_prefix) / "bin"
        sam = [str(Path(sys.executable).with_name("sam")), "build", "--template", "template.yaml"]
        path = os.pathsep.join([str(base), os.environ.get("PATH", "")])

        def with_sam() -> float:
            return _timed(sam, folder, PATH=path, SAM_CLI_TELEMETRY="0")

        def with_layer() -> float:
            shutil.rmtree(folder / "dist", ignore_errors=True)  # the zip is built again, its packages are cached
            return unchanged()

        def unchanged() -> float:
            return _timed([str(PROJECT / "build.sh"), "layer", "--target", "local", "--dist", str(folder / "dist")])

        with_layer()
        try:
            with_sam()  # pip's cache
        except RuntimeError as error:
            note(f"sam build was not measured: {str(error).splitlines()[-1]}")
            baseline = None
            (layer,) = medians(with_layer, rounds=rounds)
        else:
            layer, baseline = medians(with_layer, with_sam, rounds=rounds)
        (again,) = medians(unchanged, rounds=max(3, rounds))
    return [
        Row("./build.sh layer, warm caches", "s", layer, baseline, "sam build", goal=0.3),
        Row("./build.sh layer, nothing changed", "s", again, baseline, "sam build", ceiling=1.0),
    ]


def _write_sam_project(folder: Path) -> None:
    method = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (folder / "template.yaml").write_text(_TEMPLATE.format(method=method), encoding="utf-8")
    layer = folder / "layer"
    shutil.copytree(
        PROJECT / "src" / "ai_voice_shared", layer / "ai_voice_shared", ignore=shutil.ignore_patterns("__pycache__")
    )
    pinned = [line.split(";")[0].split("--hash")[0].strip() for line in locked("core").values()]
    (layer / "requirements.txt").write_text("\n".join(pinned) + "\n", encoding="utf-8")


def _timed(command: Sequence[str], cwd: Path = PROJECT, **variables: str) -> float:
    begin = time.perf_counter()
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    taken = time.perf_counter() - begin
    if done.returncode != 0:
        msg = "\n".join([" ".join(command), *(done.stderr or done.stdout).splitlines()[-_TAIL:]])
        raise RuntimeError(msg)
    return taken
