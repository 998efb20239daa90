"""The locked packages of each layer."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from layer.tools import PROJECT, BuildError, run, uv

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LAYERS", "RUNTIME_PACKAGES", "locked"]

LAYERS = ("core", "extras")

RUNTIME_PACKAGES = frozenset(
    {"boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "snapshot-restore-py"}
)
"""What Lambda's Python runtimes bring: boto3 with what it needs, and the SnapStart hooks.

Not urllib3: the runtime's may be 1.26, and the layer's precedes it on the path, for boto3 as well.
"""

# Extras that no function needs, but tests and developers do.
_NOT_IN_A_LAYER = frozenset({"testing", "local"})
_NAME = re.compile(r"^([A-Za-z0-9._-]+)")


def locked(layer: str, *, bundle_boto3: bool = False) -> dict[str, str]:
    """Read from uv.lock what a layer holds.

    Parameters
    ----------
    layer
        `"core"`, or `"extras"`: all that the extras need and core does not hold.
    bundle_boto3
        Include the locked boto3 in core, in place of the runtime's.

    Returns
    -------
    dict
        Package name to its line of a requirements file, with markers and hashes.
    """
    core = _exported(())
    if not bundle_boto3:
        core = {name: line for name, line in core.items() if name not in RUNTIME_PACKAGES}
    if layer == "core":
        return core
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = _exported(sorted(set(project["optional-dependencies"]) - _NOT_IN_A_LAYER))
    return {name: line for name, line in extras.items() if name not in core and name not in RUNTIME_PACKAGES}


def _exported(extras: Iterable[str]) -> dict[str, str]:
    command = [uv(), "export", "--frozen", "--quiet", "--no-dev", "--no-emit-project", "--no-annotate", "--no-header"]
    for extra in extras:
        command += ["--extra", extra]
    lines = run(command).replace("\\\n", " ").splitlines()
    found = {}
    for line in lines:
        if line.strip():
            match = _NAME.match(line)
            if match is None:
                msg = f"uv export printed an invalid requirement: {line}"
                raise BuildError(msg)
            found[match[1].lower()] = line
    return found
