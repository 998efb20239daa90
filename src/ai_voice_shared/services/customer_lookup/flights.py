"""One flight for each key: whoever asks what is being asked already waits for that answer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ai_voice_shared.errors import DeadlineExceededError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable
    from types import TracebackType

__all__ = ["AsyncFlights", "Flights"]

T = TypeVar("T")


class _Flight(Generic[T]):
    def __init__(self, landed: Any) -> None:
        self.landed = landed
        self.result: T | None = None
        self.error: BaseException | None = None
        self.trace: TracebackType | None = None

    def fail(self, error: BaseException) -> None:
        # As it is here: the one who leads adds frames to it on the way up.
        self.error, self.trace = error, error.__traceback__

    @property
    def was_given_up(self) -> bool:
        """Whether the one who asked was cancelled or interrupted; that is not the others' affair."""
        return self.error is not None and not isinstance(self.error, Exception)

    def outcome(self) -> T:
        if self.error is not None:
            raise _twin(self.error, self.trace)
        return self.result  # type: ignore[return-value] # None is a result as any other


class Flights(Generic[T]):
    """For threads.

    Examples
    --------
    >>> Flights[int]().join("key", lambda: 42)
    42
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}
        self._lock = threading.Lock()

    def join(self, key: Hashable, load: Callable[[], T], *, timeout: float | None = None) -> T:
        """Give what `load` gives, calling it once for all who ask at the same time.

        Parameters
        ----------
        key
            What is asked.
        load
            Asks it.
        timeout
            Seconds that those who wait do so at the most.

        Raises
        ------
        DeadlineExceededError
            Somebody else is still asking.
        Exception
            What `load` raises; each who waits gets an error of its own, so that their tracebacks stay apart.
        """
        while True:
            with self._lock:
                flight = self._flights.get(key)
                leads = flight is None
                if flight is None:
                    flight = self._flights[key] = _Flight(threading.Event())
            if leads:
                return self._lead(flight, key, load)
            if not flight.landed.wait(timeout):
                raise _still_flying()
            if not flight.was_given_up:
                return flight.outcome()

    def _lead(self, flight: _Flight[T], key: Hashable, load: Callable[[], T]) -> T:
        try:
            result = flight.result = load()
        except BaseException as error:
            flight.fail(error)
            raise
        else:
            return result
        finally:
            with self._lock:
                del self._flights[key]
            flight.landed.set()


class AsyncFlights(Generic[T]):
    """For coroutines; those of one event loop share flights, those of different ones do not."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}

    async def join(self, key: Hashable, load: Callable[[], Awaitable[T]], *, timeout: float | None = None) -> T:  # noqa: ASYNC109 - only those who wait are bounded by it
        """Give what `load` gives, awaiting it once for all who ask at the same time; as `Flights.join`."""
        import anyio
        from anyio.lowlevel import current_token

        key = current_token(), key
        while (flight := self._flights.get(key)) is not None:
            with anyio.move_on_after(timeout) as waiting:
                await flight.landed.wait()
            if waiting.cancelled_caught:
                raise _still_flying()
            if not flight.was_given_up:
                return flight.outcome()
        flight = self._flights[key] = _Flight(anyio.Event())
        try:
            result = flight.result = await load()
        except BaseException as error:
            flight.fail(error)
            raise
        else:
            return result
        finally:
            del self._flights[key]
            flight.landed.set()


def _still_flying() -> DeadlineExceededError:
    return DeadlineExceededError("no time is left to wait for the answer that somebody else has asked for")


def _twin(error: BaseException, trace: TracebackType | None) -> BaseException:
    """Copy an error: to raise one and the same in several threads would mix their tracebacks."""
    kind = type(error)
    try:
        # Not copy.copy: it calls constructors, whose arguments are not always those in `args`.
        twin = kind.__new__(kind, *error.args)
    except TypeError:
        return error
    twin.__dict__.update(error.__dict__)
    twin.__cause__, twin.__context__ = error.__cause__, error.__context__
    twin.__suppress_context__ = error.__suppress_context__
    return twin.with_traceback(trace)
