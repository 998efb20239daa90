"""The targets of a layer: a Python version and a platform each."""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass

from layer.tools import BuildError

__all__ = ["ALL", "DEFAULT", "Target", "parse"]

_LAMBDA = re.compile(r"python(3\.1[1-4])-(x86_64|arm64)")
_LOCAL = "local"


@dataclass(frozen=True)
class Target:
    """A Python version and a platform.

    Parameters
    ----------
    python
        `"3.13"`.
    machine
        Lambda's name of the architecture, `"x86_64"` or `"arm64"`.
    name
        The name in file names.
    uv_platform
        uv's name of the platform; None for this machine.
    glibc
        Minor version of the runtime's glibc 2; None is not checked.
    """

    python: str
    machine: str
    name: str
    uv_platform: str | None
    glibc: int | None = None


def _for_lambda(python: str, machine: str) -> Target:
    # Python 3.11 runs on Amazon Linux 2 (glibc 2.26), later ones on Amazon Linux 2023 (glibc 2.34):
    # https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    glibc, platform_tag = (26, "manylinux2014") if python == "3.11" else (34, "manylinux_2_28")
    cpu = {"x86_64": "x86_64", "arm64": "aarch64"}[machine]
    return Target(python, machine, f"python{python}-{machine}", f"{cpu}-{platform_tag}", glibc)


ALL = tuple(
    _for_lambda(python, machine) for python in ("3.11", "3.12", "3.13", "3.14") for machine in ("x86_64", "arm64")
)
"""Every runtime and architecture that Lambda offers and the package supports."""

DEFAULT = _for_lambda("3.13", "x86_64")
"""The template's."""


def parse(text: str) -> Target:
    """Find a target by its name; `local` is this interpreter on this machine.

    Raises
    ------
    BuildError
        The target does not exist.
    """
    if text == _LOCAL:
        machine = {"aarch64": "arm64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        return Target(python, machine, f"python{python}-local-{sys.platform}-{machine}", None)
    if not (match := _LAMBDA.fullmatch(text)):
        msg = f"invalid target {text!r}: use local, or one of {', '.join(target.name for target in ALL)}"
        raise BuildError(msg)
    return _for_lambda(match[1], match[2])
