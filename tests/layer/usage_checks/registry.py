"""The registry of usage checks: which check covers which public name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["USAGE_CHECKS", "checks_usage"]

USAGE_CHECKS: dict[str, Callable[[], Any]] = {}
"""Public name, written out from the package on, to the function that uses it and asserts what came of it."""


def checks_usage(*names: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a function as the usage check of names, which are given relative to the package."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        for name in names:
            full = f"ai_voice_shared.{name}"
            if full in USAGE_CHECKS:
                msg = f"{full} has two usage checks"
                raise ValueError(msg)
            USAGE_CHECKS[full] = function
        return function

    return register
