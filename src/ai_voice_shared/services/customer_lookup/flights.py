"""One flight for each key: whoever asks what is being asked already waits for that answer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

__all__ = ["AsyncFlights", "Flights"]

T = TypeVar("T")


class _Flight(Generic[T]):
    def __init__(self, landed: Any) -> None:
        self.landed = landed
        self.result: T | None = None
        self.error: BaseException | None = None

    def outcome(self) -> T:
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value] # None is a result as any other


class Flights(Generic[T]):
    """For threads."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}
        self._lock = threading.Lock()

    def join(self, key: Hashable, load: Callable[[], T]) -> T:
        """Give what `load` gives, calling it once for all who ask at the same time."""
        with self._lock:
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                flight = self._flights[key] = _Flight(threading.Event())
        if not leads:
            flight.landed.wait()
            return flight.outcome()
        try:
            flight.result = load()
        except BaseException as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._flights[key]
            flight.landed.set()
        return flight.outcome()


class AsyncFlights(Generic[T]):
    """For the coroutines of one event loop."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}

    async def join(self, key: Hashable, load: Callable[[], Awaitable[T]]) -> T:
        """Give what `load` gives, awaiting it once for all who ask at the same time."""
        import anyio

        while (flight := self._flights.get(key)) is not None:
            await flight.landed.wait()
            if flight.error is None or isinstance(flight.error, Exception):
                return flight.outcome()
            # The one who asked was cancelled; that is not the others' affair. One of them asks again.
        flight = self._flights[key] = _Flight(anyio.Event())
        try:
            flight.result = await load()
        except BaseException as error:
            flight.error = error
            raise
        finally:
            del self._flights[key]
            flight.landed.set()
        return flight.outcome()
