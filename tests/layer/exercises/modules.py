"""The modules of the exercises."""

from __future__ import annotations

import importlib

__all__ = ["load"]

_MODULES = (
    "constants",
    "errors",
    "web",
    "storage",
    "publishing",
    "signing_in",
    "chassis",
    "watching",
    "configuring",
    "resilient",
)


def load() -> None:
    """Import them all; each registers its exercises."""
    for name in _MODULES:
        importlib.import_module(f"{__package__}.{name}")
