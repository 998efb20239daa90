"""Measure durations: a context manager and a decorator, each synchronous and asynchronous."""

from __future__ import annotations

import logging
import time
from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar, cast, overload

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Timer", "timed"]

_log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


class Timer:
    """Measures a `with` or `async with` block with the monotonic clock.

    Parameters
    ----------
    name
        The measured operation, for the report.
    report
        Called with the finished timer, also if the block failed.

    Attributes
    ----------
    elapsed_ms : float
        The duration in milliseconds; while the block runs, the time so far.
    failed : bool
        Whether the block raised an error.

    Examples
    --------
    >>> with Timer("parse") as timer:
    ...     total = sum(range(10))
    >>> timer.elapsed_ms >= 0, timer.failed
    (True, False)
    """

    def __init__(self, name: str = "", report: Callable[[Timer], None] | None = None) -> None:
        self.name = name
        self.failed = False
        self._report = report
        self._start: float | None = None
        self._elapsed: float | None = None

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds from the start to the end, or until now; 0.0 before the start."""
        if self._elapsed is not None:
            return self._elapsed
        return 0.0 if self._start is None else (time.perf_counter() - self._start) * 1000

    def __enter__(self) -> Self:
        self._elapsed, self.failed = None, False
        self._start = time.perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._elapsed, self.failed = self.elapsed_ms, kind is not None
        if self._report is not None:
            self._report(self)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self.__exit__(kind, *rest)


def _log_timer(timer: Timer) -> None:
    _log.info(
        "timed", extra={"operation": timer.name, "duration_ms": round(timer.elapsed_ms, 3), "ok": not timer.failed}
    )


@overload
def timed(name: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def timed(
    name: str | None = None, *, report: Callable[[Timer], None] = ...
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def timed(name: Any = None, *, report: Callable[[Timer], None] = _log_timer) -> Any:
    """Decorate a function or a coroutine function so that each call is measured and reported.

    Parameters
    ----------
    name
        The operation's name in the report; by default the function's qualified name.
    report
        Called with the `Timer` after each call; by default one log line with `operation`, `duration_ms`, `ok`.

    Examples
    --------
    >>> seen = []
    >>> @timed("add", report=seen.append)
    ... def add(a: int, b: int) -> int:
    ...     return a + b
    >>> add(1, 2), seen[0].name
    (3, 'add')
    """
    if callable(name):
        return timed()(name)

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        label = name or function.__qualname__
        if iscoroutinefunction(function):

            @wraps(function)
            async def wrapper_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                async with Timer(label, report):
                    return await function(*args, **kwargs)

            return cast("Callable[P, R]", wrapper_async)

        @wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            with Timer(label, report):
                return function(*args, **kwargs)

        return wrapper

    return decorate
