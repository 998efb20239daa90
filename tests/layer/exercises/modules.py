"""The modules of the exercises."""

from __future__ import annotations

import importlib

__all__ = ["load"]

_MODULES = (
    "constants",
    "errors",
    "protocols",
    "web",
    "twilio",
    "storage",
    "publishing",
    "signing_in",
    "passwords",
    "chassis",
    "watching",
    "configuring",
    "resilient",
)


def load() -> None:
    """Import them all; each registers its exercises."""
    for name in _MODULES:
        importlib.import_module(f"{__package__}.{name}")
