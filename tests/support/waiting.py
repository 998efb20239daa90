"""Wait for an effect of another process, by polling until a deadline."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["wait_for"]

T = TypeVar("T")
_PAUSE_SECONDS = 0.05


def wait_for(look: Callable[[], T | None], *, what: str, timeout: float = 30) -> T:
    """Call `look` until its result is true, and return it.

    Raises
    ------
    TimeoutError
        After `timeout` seconds; `what` names what was expected.
    """
    deadline = time.monotonic() + timeout
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            msg = f"waited {timeout:.0f} s for {what}"
            raise TimeoutError(msg)
        time.sleep(_PAUSE_SECONDS)
