"""Locked wheels, unpacked for the target and checked file by file, and the package itself."""

from __future__ import annotations

import base64
import csv
import hashlib
import shutil
import tomllib
from typing import TYPE_CHECKING

from layer.exclusions import reason_to_exclude
from layer.glibc import check_glibc
from layer.tools import PROJECT, BuildError, run, uv

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from layer.targets import Target

__all__ = ["copy_package", "install", "prune", "verify"]

# Their wheels are for glibc 2.26, which Python 3.11 in Lambda has and for which uv has no platform name; the wheel
# that also names 2.28 is the same one. The version that it really needs is checked.
_GLIBC_2_26 = frozenset({"argon2-cffi-bindings"})


def install(requirements: Mapping[str, str], target: Target, into: Path) -> None:
    """Unpack the wheels of the locked versions for the target.

    Raises
    ------
    BuildError
        A package has no wheel for the target, a hash differs, or a file is not the one of its wheel.
    """
    if not requirements:
        into.mkdir(parents=True)
        return
    _unpack(requirements, target, into)
    try:
        verify(into)
    except BuildError:
        # A program that edits a linked installed file also edits uv's cache. The registry has the genuine file.
        shutil.rmtree(into)
        _unpack(requirements, target, into, "--no-cache")
        verify(into)
    check_glibc(into, target)


def _unpack(requirements: Mapping[str, str], target: Target, into: Path, *options: str) -> None:
    into.mkdir(parents=True)
    for platform, lines in _by_platform(requirements, target).items():
        listing = into.with_name(f"{into.name}.txt")
        listing.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [uv(), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
        # Copied, never linked: an edit of a linked file would change uv's cache, and so every later build.
        command += ["--link-mode", "copy", "--target", str(into), "--python-version", target.python, *options]
        if platform:
            command += ["--python-platform", platform]
        run([*command, "--requirement", str(listing)])
        listing.unlink()


def _by_platform(requirements: Mapping[str, str], target: Target) -> dict[str | None, list[str]]:
    """Group requirements by the platform whose wheels are requested."""
    sorted_out: dict[str | None, list[str]] = {}
    for name, line in requirements.items():
        platform = target.uv_platform
        if platform and platform.endswith("manylinux2014") and name in _GLIBC_2_26:
            platform = platform.replace("manylinux2014", "manylinux_2_28")
        sorted_out.setdefault(platform, []).append(line)
    return sorted_out


def verify(folder: Path) -> int:
    """Check every installed file against its wheel's RECORD.

    Returns
    -------
    int
        How many files were checked.

    Raises
    ------
    BuildError
        A file is missing or has other bytes. (Some machines edit certificates as they are installed.)
    """
    checked = 0
    for record in sorted(folder.glob("*.dist-info/RECORD")):
        for path, expected, _size in csv.reader(record.read_text(encoding="utf-8").splitlines()):
            # Scripts are written by the installer, and RECORD cannot have a hash of itself.
            if not expected or path.startswith(("../", "bin/")):
                continue
            algorithm, _, digest = expected.partition("=")
            file = folder / path
            found = hashlib.new(algorithm, file.read_bytes()).digest() if file.exists() else b""
            if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != digest:
                msg = f"{path} differs from its wheel ({record.parent.name}): a program on this machine edits it"
                raise BuildError(msg)
            checked += 1
    return checked


def prune(folder: Path) -> dict[str, int]:
    """Delete what no function needs, whole files and parts of files.

    Returns
    -------
    dict
        Reason to the bytes saved.
    """
    saved: dict[str, int] = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        if reason := reason_to_exclude(file.relative_to(folder).as_posix()):
            saved[reason] = saved.get(reason, 0) + file.stat().st_size
            file.unlink()
        elif file.name == "METADATA" and file.parent.name.endswith(".dist-info"):
            _drop_description(file)
    for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()
    return saved


def _drop_description(metadata: Path) -> None:
    """Drop the project's description, which follows the headers that `importlib.metadata` reads."""
    headers, _, _ = metadata.read_text(encoding="utf-8").partition("\n\n")
    metadata.write_text(headers + "\n", encoding="utf-8")


def copy_package(into: Path) -> None:
    """Copy the package and write the metadata by which `importlib.metadata` finds it."""
    source = PROJECT / "src" / "ai_voice_shared"
    shutil.copytree(source, into / source.name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    metadata = into / f"ai_voice_shared-{project['version']}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    fields = [
        "Metadata-Version: 2.4",
        "Name: ai-voice-shared",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        f"License-Expression: {project['license']}",
        f"Requires-Python: {project['requires-python']}",
    ]
    fields += [f"Requires-Dist: {requirement}" for requirement in project["dependencies"]]
    metadata.write_text("\n".join(fields) + "\n", encoding="utf-8")
