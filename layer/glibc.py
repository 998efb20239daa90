"""The glibc version that a compiled module needs: the target must have it, whatever a wheel's name says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from layer.tools import BuildError

if TYPE_CHECKING:
    from pathlib import Path

    from layer.targets import Target

__all__ = ["check_glibc", "needed_glibc"]

# The form of versioned symbols in the dynamic string table.
_VERSION = re.compile(rb"\x00GLIBC_2\.(\d+)(?:\.\d+)?(?=\x00)")


def needed_glibc(module: Path) -> int:
    """Return the minor version of glibc 2 that a compiled module needs; 0 if it needs none."""
    return max((int(minor) for minor in _VERSION.findall(module.read_bytes())), default=0)


def check_glibc(folder: Path, target: Target) -> None:
    """Check every compiled module of a folder against the glibc of the target's runtime.

    Raises
    ------
    BuildError
        A module needs a later one; it would fail at import, in Lambda only.
    """
    if target.glibc is None:
        return
    for module in sorted(folder.rglob("*.so*")):
        needed = needed_glibc(module)
        if needed > target.glibc:
            name = module.relative_to(folder)
            msg = f"{name} needs glibc 2.{needed}, and Python {target.python} in Lambda has 2.{target.glibc}"
            raise BuildError(msg)
