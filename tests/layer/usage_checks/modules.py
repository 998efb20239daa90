"""The modules that hold the usage checks."""

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
    "auth",
    "passwords",
    "service_framework",
    "observability",
    "settings",
    "resilience",
)


def load() -> None:
    """Import them all; each registers its checks."""
    for name in _MODULES:
        importlib.import_module(f"{__package__}.{name}")
