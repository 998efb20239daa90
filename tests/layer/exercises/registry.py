"""Which exercise belongs to which public name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EXERCISES", "exercises"]

EXERCISES: dict[str, Callable[[], Any]] = {}
"""Public name, written out from the package on, to the function that uses it and asserts what came of it."""


def exercises(*names: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a function as the exercise of names, given without the package's own."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        for name in names:
            full = f"ai_voice_shared.{name}"
            if full in EXERCISES:
                msg = f"{full} has two exercises"
                raise ValueError(msg)
            EXERCISES[full] = function
        return function

    return register
