"""The folders that functions of the benchmarks run from: as `sam build` leaves them, with bytecode, and the runtime."""

from __future__ import annotations

import compileall
import hashlib
import os
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

from layer import targets
from layer.build import Options, build_zip
from tests.benchmarks.authority import authority, trust_authority

__all__ = [
    "FUNCTIONS",
    "PROJECT",
    "documented_folder",
    "function_folder",
    "layer_folder",
    "packages_folder",
    "powertools_folder",
    "runtime_folder",
    "source_folder",
]

PROJECT = Path(__file__).parents[2]
FUNCTIONS = Path(__file__).parent / "functions"
_CACHE = PROJECT / "build" / "bench"
_RESOLUTION = FUNCTIONS / "name_resolution.py"
_GUIDE = PROJECT / "docs" / "webhooks.md"
_BOTO3 = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")


def runtime_folder() -> Path:
    """Return a folder with what Lambda's runtime has: its client, boto3 and the SnapStart hooks, with bytecode.

    Its client resolves names as `functions/name_resolution.py` does, because every function starts with the client,
    even without `site` and therefore without `sitecustomize`.
    """
    locked = _locked("dev")
    wanted = [line for line in locked if _name(line) in {*_BOTO3, "awslambdaric", "simplejson", "snapshot-restore-py"}]
    return _folder("runtime", wanted, bytecode=True, resolution=True)


def documented_folder() -> Path:
    """Return the folder of the handler documented in docs/webhooks.md, as `sam build` leaves it."""
    (code, *_) = re.findall(r"```python\n(.*?)```", _GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    sources = {"documented.py": code, "app.py": (FUNCTIONS / "shared" / "app.py").read_text(encoding="utf-8")}
    folder = _CACHE / f"documented-{hashlib.sha256(repr(sources).encode()).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in sources.items():
        (folder / name).write_text(source, encoding="utf-8")
    return folder


def function_folder(name: str, *, boto3: bool, bytecode: bool) -> Path:
    """Return a function's folder with its requirements.

    Parameters
    ----------
    name
        The folder below `functions/`.
    boto3
        Put boto3 in, as `sam build` does when it stands in the requirements.
    bytecode
        Compile everything, with hashes that are not checked.
    """
    stubs = ("-stubs", "types-", "mypy-boto3")
    wanted = [
        line
        for line in _locked("bench")
        if not any(part in _name(line) for part in stubs)
        and _name(line) not in {"requests", "charset-normalizer"}  # the warm benchmark's
        and (boto3 or _name(line) not in _BOTO3)
    ]
    return _folder(f"{name}-boto3-{boto3:d}-pyc-{bytecode:d}", wanted, bytecode=bytecode, source=FUNCTIONS / name)


def packages_folder(group: str) -> Path:
    """Return a folder with the locked packages of a dependency group, with bytecode."""
    return _folder(group, _locked(group), bytecode=True)


def source_folder(name: str) -> Path:
    """Return a folder with a function's own code and its bytecode; `name` is the folder below `functions/`."""
    return _folder(name, [], bytecode=True, source=FUNCTIONS / name)


def layer_folder() -> Path:
    """Build the core layer for this machine, unpack it, and return the folder that corresponds to `/opt`."""
    built = build_zip(targets.parse("local"), Options(strict=True), PROJECT / "dist")
    folder = _CACHE / f"layer-{built.sha256[:12]}"
    if folder.exists():
        return folder
    for former in _CACHE.glob("layer-*"):
        shutil.rmtree(former, ignore_errors=True)
    scratch = _CACHE / f".{folder.name}-{os.getpid()}"
    with zipfile.ZipFile(built.path) as archive:
        archive.extractall(scratch)
    scratch.rename(folder)
    return folder


def powertools_folder() -> Path:
    """Return a folder with the content of Powertools' public layer: all extras, without boto3, tests and bytecode.

    The steps are those of `layer_v3/docker/Dockerfile` in its repository.
    """
    (pinned,) = (line for line in _locked("bench") if _name(line) == "aws-lambda-powertools")
    version = pinned.partition("==")[2].partition(";")[0].strip()
    folder = _folder("powertools", [f"aws-lambda-powertools[all]=={version}"], bytecode=False, dependencies=True)
    for pattern in ("boto*", "s3transfer*", "*dateutil*", "urllib3*", "six*", "jmespath*", "bin"):
        for path in folder.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in folder.rglob("*"):
        if path.is_file() and "tests" in path.relative_to(folder).parts[:-1]:
            path.unlink()
    return folder


def _folder(
    name: str,
    requirements: list[str],
    *,
    bytecode: bool,
    source: Path | None = None,
    dependencies: bool = False,
    resolution: bool = False,
) -> Path:
    code = [path.read_text(encoding="utf-8") for path in sorted(source.glob("*.py"))] if source else []
    code += [_RESOLUTION.read_text(encoding="utf-8")] if resolution else []
    trusted = authority().cert_pem.bytes().decode()
    digest = hashlib.sha256("\n".join([sys.version, *requirements, *code, trusted]).encode()).hexdigest()[:12]
    folder = _CACHE / f"{name}-{digest}"
    if folder.exists():
        return folder
    # Created under another name first, so that an incomplete folder is never mistaken for a finished one.
    scratch = _CACHE / f".{name}-{digest}-{os.getpid()}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    command = [_uv(), "pip", "install", "--quiet", "--link-mode", "copy", "--target", str(scratch)]
    if not dependencies:
        command.append("--no-deps")
    if requirements:
        subprocess.run([*command, "--python", sys.executable, *requirements], check=True)
    if source:
        shutil.copytree(source, scratch, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    if resolution:
        shutil.copy(_RESOLUTION, scratch)
        with (scratch / "awslambdaric" / "__init__.py").open("a", encoding="utf-8") as client:
            client.write(f"\nimport {_RESOLUTION.stem}\n")
    trust_authority(scratch)
    for cache in list(scratch.rglob("__pycache__")):
        shutil.rmtree(cache)
    if bytecode:
        compileall.compile_dir(
            scratch, quiet=2, workers=0, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
        )
    scratch.rename(folder)
    return folder


def _locked(group: str) -> list[str]:
    command = [_uv(), "export", "--frozen", "--quiet", "--only-group", group, "--no-hashes", "--no-annotate"]
    command += ["--no-header", "--no-emit-project"]
    printed = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    return [line.strip() for line in printed.splitlines() if line.strip()]


def _name(requirement: str) -> str:
    return requirement.split("==", maxsplit=1)[0].split("[", maxsplit=1)[0].strip()


def _uv() -> str:
    own = PROJECT / ".uv" / "bin" / "uv"
    scripts = Path(sysconfig.get_path("scripts")) / "uv"
    found = shutil.which("uv") or next((str(path) for path in (own, scripts) if path.exists()), None)
    if found is None:
        msg = "uv was found neither on PATH nor in .uv/bin"
        raise FileNotFoundError(msg)
    return found
