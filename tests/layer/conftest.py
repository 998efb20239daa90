"""The layer as built for this machine, unpacked, and the packages of Lambda's runtime."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layer import targets
from layer.build import Built, Options, build_zip

if TYPE_CHECKING:
    from collections.abc import Callable

RUNTIME_MODULES = frozenset(
    [
        "awslambdaric",
        "boto3",
        "botocore",
        "dateutil",
        "jmespath",
        "runtime_client",
        "s3transfer",
        "simplejson",
        "six",
        "snapshot_restore_py",
        "urllib3",
    ]
)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the core layer for this machine."""
    return build_zip(targets.parse("local"), Options(strict=True), tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def opt(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the layer, as Lambda does into /opt."""
    folder = tmp_path_factory.mktemp("opt")
    with zipfile.ZipFile(built.path) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide what Lambda's managed runtime has: boto3, its runtime client, the SnapStart hooks, and nothing else."""
    import boto3

    installed = Path(boto3.__file__).parents[1]
    folder = tmp_path_factory.mktemp("runtime")
    for path in installed.iterdir():
        if path.name.split(".")[0] in RUNTIME_MODULES:
            (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="session")
def python_with_layer(opt: Path, runtime: Path) -> Callable[..., str]:
    """Return a function that runs a script with the layer and the runtime's packages only."""
    interpreter = str(Path(sys.base_prefix) / "bin" / "python3")

    def run(script: str, *, with_runtime: bool = True, **variables: str) -> str:
        return run_python(interpreter, [opt / "python", *([runtime] if with_runtime else [])], script, **variables)

    return run


def run_python(interpreter: str, paths: list[Path], script: str, **variables: str) -> str:
    """Run a script with these folders and the standard library only, and return its output."""
    prelude = f"import sys; sys.path[:0] = {[str(path) for path in paths]!r}\n"
    done = subprocess.run(
        [interpreter, "-I", "-S", "-B", "-c", prelude + script],
        capture_output=True,
        text=True,
        check=False,
        env={"AWS_DEFAULT_REGION": "us-east-1", "LANG": "C.UTF-8", **variables},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
