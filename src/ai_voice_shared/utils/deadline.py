"""Deadlines, which bound every network call by the time left in the invocation.

A handler sets it once, `with use_deadline(Deadline.from_context(context)):`, and every client of the package obeys it.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from ai_voice_shared.errors import DeadlineExceededError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Deadline", "LambdaContext", "create_deadline", "current_deadline", "use_deadline"]

DEFAULT_RESERVE = 0.5


class LambdaContext(Protocol):
    """The part of Lambda's context that a deadline needs."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the invocation."""


class Deadline:
    """A point in time by which work must be done, on the monotonic clock.

    Parameters
    ----------
    seconds
        From now.
    clock
        A monotonic clock in seconds.

    Examples
    --------
    >>> deadline = Deadline(5, clock=lambda: 100.0)
    >>> deadline.remaining(), deadline.limit(30.0)
    (5.0, 5.0)
    """

    __slots__ = ("_clock", "_ends_at")

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends_at = clock() + seconds

    @classmethod
    def from_context(cls, context: LambdaContext | Any, *, reserve: float = DEFAULT_RESERVE) -> Deadline:
        """Create the deadline of an invocation, less a reserve for the response and the logs.

        Parameters
        ----------
        context
            The handler's second argument.
        reserve
            Seconds that are reserved.

        Examples
        --------
        >>> from ai_voice_shared.testing.context import FakeLambdaContext
        >>> 29 < Deadline.from_context(FakeLambdaContext()).remaining() <= 29.5
        True
        """
        return cls(context.get_remaining_time_in_millis() / 1000 - reserve)

    def remaining(self) -> float:
        """Return the seconds that are left, 0 after the deadline.

        Examples
        --------
        >>> Deadline(-1).remaining()
        0.0
        """
        return max(0.0, self._ends_at - self._clock())

    def limit(self, seconds: float, *, service: str = "") -> float:
        """Return a timeout in seconds, limited to the time that is left.

        Raises
        ------
        DeadlineExceededError
            The deadline is exceeded.

        Examples
        --------
        >>> Deadline(60).limit(2.0)
        2.0
        >>> Deadline(0).limit(2.0, service="customer-lookup-server")
        Traceback (most recent call last):
            ...
        ai_voice_shared.errors.services.DeadlineExceededError: customer-lookup-server: deadline exceeded before the \
request was sent
        """
        remaining = self.remaining()
        if remaining <= 0:
            msg = "deadline exceeded before the request was sent"
            raise DeadlineExceededError(f"{service}: {msg}" if service else msg, service=service)
        return min(seconds, remaining)

    def earlier(self, seconds: float) -> Deadline:
        """Return a deadline in so many seconds, or at the time of this one if that is earlier.

        Examples
        --------
        >>> Deadline(60, clock=lambda: 0.0).earlier(2).remaining()
        2.0
        """
        return Deadline(min(seconds, self.remaining()), clock=self._clock)

    def __repr__(self) -> str:
        return f"Deadline({self.remaining():.3f} s left)"


_current: ContextVar[Deadline | None] = ContextVar("ai_voice_shared_deadline", default=None)


def current_deadline() -> Deadline | None:
    """Return the deadline of the current context, or None if it is not set.

    Examples
    --------
    >>> current_deadline() is None
    True
    """
    return _current.get()


def create_deadline(seconds: float) -> Deadline:
    """Create a deadline in so many seconds, or at the current deadline if that is earlier.

    Examples
    --------
    >>> with use_deadline(Deadline(5)):
    ...     create_deadline(60).remaining() <= 5
    True
    """
    outer = _current.get()
    return Deadline(seconds) if outer is None else outer.earlier(seconds)


@contextmanager
def use_deadline(deadline: Deadline) -> Iterator[Deadline]:
    """Set the current deadline for a block; a deadline that is already set is never extended.

    Examples
    --------
    >>> with use_deadline(Deadline(5)), use_deadline(Deadline(60)):
    ...     current_deadline().remaining() <= 5
    True
    """
    outer = _current.get()
    effective = deadline if outer is None or deadline.remaining() < outer.remaining() else outer
    token = _current.set(effective)
    try:
        yield effective
    finally:
        _current.reset(token)
