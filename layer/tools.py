"""Run other programs, and report their failures."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PROJECT", "BuildError", "run", "uv"]

PROJECT = Path(__file__).resolve().parents[1]
_TAIL = 25


class BuildError(Exception):
    """A step of the build failed; the message says which and why."""


def run(command: Sequence[str], *, cwd: Path = PROJECT, env: Mapping[str, str] | None = None) -> str:
    """Run a program and return its output.

    Raises
    ------
    BuildError
        It is missing, or its status is not 0; the message has the command and the end of its output.
    """
    try:
        done = subprocess.run(
            command, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        msg = f"{command[0]} is not installed"
        raise BuildError(msg) from error
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).splitlines()[-_TAIL:])
        msg = f"{' '.join(command)}\nended with status {done.returncode}:\n{tail}"
        raise BuildError(msg)
    return done.stdout


def uv() -> str:
    """Return the path of uv: on PATH, where build.sh installs it, or beside this interpreter."""
    places = (shutil.which("uv"), PROJECT / ".uv" / "bin" / "uv", Path(sys.executable).with_name("uv"))
    for place in places:
        if place and Path(place).exists():
            return str(place)
    msg = "uv was found neither on PATH nor in .uv/bin: ./build.sh installs it there"
    raise BuildError(msg)
