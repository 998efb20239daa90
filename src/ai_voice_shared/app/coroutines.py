"""Coroutine routes, run by a synchronous handler."""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["run_coroutine"]

T = TypeVar("T")

_runner: asyncio.Runner | None = None
_runner_lock = threading.Lock()


def run_coroutine(coroutine: Coroutine[object, object, T]) -> T:
    """Run a coroutine on the one event loop of this process, so that pooled connections outlive a request.

    Parameters
    ----------
    coroutine
        It sees the context variables of the caller. One runs at a time, as in Lambda.

    Examples
    --------
    >>> async def answer() -> int:
    ...     return 42
    >>> run_coroutine(answer())
    42
    """
    global _runner  # noqa: PLW0603 - one loop per process
    with _runner_lock:
        if _runner is None:
            _runner = asyncio.Runner()
            atexit.register(_runner.close)
        # The runner would otherwise keep the context variables of its first call.
        return _runner.run(coroutine, context=contextvars.copy_context())
