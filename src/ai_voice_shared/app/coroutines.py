"""Coroutine routes, run by a synchronous handler.

Powertools' `resolve` returns the coroutine of a coroutine function as the body, and `resolve_async` moves each
middleware into a thread (validation counts as two), which takes longer than the route itself.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import functools
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["SyncRoute", "run_coroutine", "server_loop"]

T = TypeVar("T")

server_loop: contextvars.ContextVar[asyncio.AbstractEventLoop | None] = contextvars.ContextVar(
    "ai_voice_shared_server_loop", default=None
)
"""The event loop of the local server, for the worker threads in which it resolves requests."""

_runner: asyncio.Runner | None = None
_runner_lock = threading.Lock()


class SyncRoute:
    """A coroutine route as a synchronous function, with the signature and the globals that Powertools reads.

    Parameters
    ----------
    function
        The coroutine function. Where an event loop is running, its coroutine is returned to be awaited.

    Examples
    --------
    >>> async def hello(name: str) -> str:
    ...     return f"hello {name}"
    >>> SyncRoute(hello)(name="you")
    'hello you'
    """

    def __init__(self, function: Callable[..., Coroutine[Any, Any, Any]]) -> None:
        functools.update_wrapper(self, function)
        # Annotations that are strings are looked up there.
        self.__globals__ = function.__globals__
        self._function = function

    def __call__(self, **arguments: Any) -> Any:
        """Return what the route returns."""
        coroutine = self._function(**arguments)
        return coroutine if _is_loop_running() else run_coroutine(coroutine)


def run_coroutine(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the event loop of this process, so that pooled connections outlive a request.

    Parameters
    ----------
    coroutine
        The coroutine, which sees the caller's context variables. In Lambda one runs at a time; on the local server
        all run concurrently on the server's loop.

    Raises
    ------
    RuntimeError
        An event loop is running in this thread, and would wait for itself.

    Examples
    --------
    >>> async def respond() -> int:
    ...     return 42
    >>> run_coroutine(respond())
    42
    """
    loop = server_loop.get()
    if _is_loop_running():
        coroutine.close()
        msg = "an event loop is running: await the coroutine there"
        raise RuntimeError(msg)
    if loop is not None:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()
    global _runner  # noqa: PLW0603 - one loop per process
    with _runner_lock:
        if _runner is None:
            _runner = asyncio.Runner()
            atexit.register(_runner.close)
        # The runner would otherwise reuse the context variables of its first call.
        return _runner.run(coroutine, context=contextvars.copy_context())


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
