"""Single flight: concurrent calls for one key share one call and its result."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ai_voice_shared.errors import DeadlineExceededError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable
    from types import TracebackType

__all__ = ["AsyncSingleFlight", "SingleFlight"]

T = TypeVar("T")


class _Call(Generic[T]):
    """A call in progress. `done` is set when it has ended: a `threading.Event` or an `anyio.Event`."""

    def __init__(self, done: Any) -> None:
        self.done = done
        self.result: T | None = None
        self.error: BaseException | None = None
        self.trace: TracebackType | None = None

    def fail(self, error: BaseException) -> None:
        # The traceback as it is now: the leader adds frames to it while it propagates.
        self.error, self.trace = error, error.__traceback__

    @property
    def cancelled(self) -> bool:
        """Whether the leader was cancelled or interrupted, which must not fail those who wait."""
        return self.error is not None and not isinstance(self.error, Exception)

    def outcome(self) -> T:
        if self.error is not None:
            raise _copy_error(self.error, self.trace)
        return self.result  # type: ignore[return-value] # None is a result like any other


class SingleFlight(Generic[T]):
    """Single flight for threads.

    Examples
    --------
    >>> SingleFlight[int]().run("key", lambda: 42)
    42
    """

    def __init__(self) -> None:
        self._calls: dict[Hashable, _Call[T]] = {}
        self._lock = threading.Lock()

    def run(self, key: Hashable, load: Callable[[], T], *, timeout: float | None = None) -> T:
        """Return what `load` returns, calling it once for all concurrent callers.

        Parameters
        ----------
        key
            Identifies the call.
        load
            Makes the call.
        timeout
            Maximum number of seconds to wait for another caller's call.

        Raises
        ------
        DeadlineExceededError
            Another caller's call is still in progress.
        Exception
            What `load` raises; each caller gets its own copy with its own traceback.
        """
        while True:
            with self._lock:
                call = self._calls.get(key)
                is_leader = call is None
                if call is None:
                    call = self._calls[key] = _Call(threading.Event())
            if is_leader:
                return self._run_leader(call, key, load)
            if not call.done.wait(timeout):
                raise _timeout_error()
            if not call.cancelled:
                return call.outcome()

    def _run_leader(self, call: _Call[T], key: Hashable, load: Callable[[], T]) -> T:
        try:
            result = call.result = load()
        except BaseException as error:
            call.fail(error)
            raise
        else:
            return result
        finally:
            with self._lock:
                del self._calls[key]
            call.done.set()


class AsyncSingleFlight(Generic[T]):
    """Single flight for the coroutines of one event loop; those of different loops do not share calls."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, _Call[T]] = {}

    async def run(self, key: Hashable, load: Callable[[], Awaitable[T]], *, timeout: float | None = None) -> T:  # noqa: ASYNC109 - bounds the wait for another caller, not the call
        """Return what `load` returns, awaiting it once for all concurrent callers; as `SingleFlight.run`."""
        import anyio
        from anyio.lowlevel import current_token

        key = current_token(), key
        while (call := self._calls.get(key)) is not None:
            with anyio.move_on_after(timeout) as scope:
                await call.done.wait()
            if scope.cancelled_caught:
                raise _timeout_error()
            if not call.cancelled:
                return call.outcome()
        call = self._calls[key] = _Call(anyio.Event())
        try:
            result = call.result = await load()
        except BaseException as error:
            call.fail(error)
            raise
        else:
            return result
        finally:
            del self._calls[key]
            call.done.set()


def _timeout_error() -> DeadlineExceededError:
    return DeadlineExceededError("deadline exceeded while waiting for the response to another caller's request")


def _copy_error(error: BaseException, trace: TracebackType | None) -> BaseException:
    """Copy an error: raising the same one in several threads would mix their tracebacks."""
    kind = type(error)
    try:
        # Not copy.copy: it calls constructors, whose arguments are not always those in `args`.
        copied = kind.__new__(kind, *error.args)
    except TypeError:
        return error
    copied.__dict__.update(error.__dict__)
    copied.__cause__, copied.__context__ = error.__cause__, error.__context__
    copied.__suppress_context__ = error.__suppress_context__
    return copied.with_traceback(trace)
