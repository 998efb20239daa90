"""Powertools' circuit breaker, for synchronous and asynchronous calls, with and without a DynamoDB table.

The state machine is Powertools'. Added are: a store in memory for processes without a table, `async def` (Powertools'
decorator sees a coroutine function return at once and never its failure), one probe at a time also among coroutines,
this package's errors, and a cold start without failures that costs nothing: without a table, Powertools is not even
imported before the first failure.
"""

from __future__ import annotations

import logging
import threading
import time
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from ai_voice_shared._once import locked_cached_property
from ai_voice_shared.errors import AIVoiceError, CircuitOpenError, ConfigurationError, DeadlineExceededError
from ai_voice_shared.resilience.circuit_stores import dynamodb_store, memory_store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aws_lambda_powertools.utilities.circuit_breaker import CircuitTransition
    from aws_lambda_powertools.utilities.circuit_breaker.persistence.base import CircuitBreakerPersistenceLayer

__all__ = ["CircuitBreaker", "dynamodb_store", "is_failure", "record_transition", "shared_circuit_breaker"]

_log = logging.getLogger(__name__)
T = TypeVar("T")
_SERVER_SIDE = 500


def is_failure(error: Exception) -> bool:
    """Return whether an error is a failure of the other side.

    An error that reports what is wrong with the request is not, nor is one that was raised before anything was sent:
    a missing setting, an exceeded deadline.

    Examples
    --------
    >>> from ai_voice_shared.errors import NotFoundError, ServiceTimeoutError
    >>> is_failure(NotFoundError("Customer")), is_failure(ServiceTimeoutError())
    (False, True)
    """
    if isinstance(error, ConfigurationError | DeadlineExceededError):
        return False
    return not isinstance(error, AIVoiceError) or error.status >= _SERVER_SIDE


def record_transition(transition: CircuitTransition) -> None:
    """Record in the log and in the metrics that a circuit changed its state; the clients of this package use it.

    The metrics are those of `MetricsClient.circuit_transition`, written at once: a circuit changes seldom, and the
    function may not flush metrics at the end of the invocation.

    Parameters
    ----------
    transition
        Powertools' description of it.

    Examples
    --------
    >>> breaker = CircuitBreaker("recorded", failure_threshold=1, on_transition=record_transition)
    >>> breaker.call(lambda: 1 / 0)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    ZeroDivisionError: division by zero
    """
    from ai_voice_shared.observability.metrics import get_metrics

    before, after = transition.from_state.value.lower(), transition.to_state.value.lower()
    _log.warning(
        "circuit breaker state changed",
        extra={"circuit": transition.circuit_name, "from_state": before, "to_state": after},
    )
    metrics = get_metrics()
    metrics.circuit_transition(transition.circuit_name, after)
    metrics.flush()


class CircuitBreaker:
    """Stops calling a service that keeps failing, and probes it after a while.

    Parameters
    ----------
    name
        The circuit; one for each service that is called. Circuits of the same name share their state.
    failure_threshold
        Failures in a row that open it.
    recovery_timeout
        Seconds until one call may probe.
    success_threshold
        Probes in a row that close it.
    is_failure
        Which errors count as failures.
    store
        Where the state is stored, see `dynamodb_store`; by default in this process.
    on_transition
        Called with Powertools' `CircuitTransition` when the circuit changes its state, such as `record_transition`.

    Examples
    --------
    >>> breaker = CircuitBreaker("example", failure_threshold=1)
    >>> breaker.call(lambda x: x + 1, 41)
    42
    >>> breaker.call(lambda: 1 / 0)
    Traceback (most recent call last):
        ...
    ZeroDivisionError: division by zero
    >>> breaker.call(lambda x: x + 1, 41)
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.services.CircuitOpenError: example failed too often and is not called for up to 30 s
    """

    def __init__(
        self,
        name: str = "default",
        *,
        failure_threshold: int = 5,
        recovery_timeout: int = 30,
        success_threshold: int = 1,
        is_failure: Callable[[Exception], bool] = is_failure,
        store: CircuitBreakerPersistenceLayer | None = None,
        on_transition: Callable[[CircuitTransition], None] | None = None,
    ) -> None:
        self.name = name
        self._failure_threshold = failure_threshold
        self._recovery_timeout = recovery_timeout
        self._success_threshold = success_threshold
        self._is_failure = is_failure
        self._store = store
        self._on_transition = on_transition

    def call(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Call a function, unless the circuit is open.

        Raises
        ------
        CircuitOpenError
            The circuit is open; the function was not called.
        """
        if self._is_untouched():
            try:
                return function(*args, **kwargs)
            except Exception as error:
                self._first_failure(error)
                raise
        call = _CircuitCall(self)
        call.acquire()
        try:
            result = function(*args, **kwargs)
        except Exception as error:
            call.record(error)
            raise
        else:
            call.record(None)
            return result
        finally:
            call.release()

    async def call_async(self, function: Callable[..., Awaitable[T]], /, *args: Any, **kwargs: Any) -> T:
        """Call a coroutine function, unless the circuit is open; raises as `call`."""
        if self._is_untouched():
            try:
                return await function(*args, **kwargs)
            except Exception as error:
                self._first_failure(error)
                raise
        call = _CircuitCall(self)
        try:
            await self._run_step(call.acquire)
        except BaseException:
            call.release()
            raise
        try:
            result = await function(*args, **kwargs)
        except Exception as error:
            await self._run_step(partial(call.record, error))
            raise
        else:
            if call.is_probe:
                await self._run_step(partial(call.record, None))
            else:
                call.record(None)  # writes nothing
            return result
        finally:
            call.release()

    async def _run_step(self, step: Callable[[], None]) -> None:
        """Run a step of the state machine, in a worker thread if its store may be on the network."""
        if self._store is None:
            step()
            return
        import anyio.to_thread

        await anyio.to_thread.run_sync(step)

    def _is_untouched(self) -> bool:
        return self._store is None and self.name not in _with_state

    def _first_failure(self, error: Exception) -> None:
        """Start to store state with the first failure that counts, and count it."""
        if self._is_failure(error):
            _with_state.add(self.name)
            # The circuit was closed when the call began, whatever its state is now.
            _CircuitCall(self).record(error)

    @locked_cached_property
    def _config(self) -> Any:
        from aws_lambda_powertools.utilities.circuit_breaker import CircuitBreakerConfig

        config = CircuitBreakerConfig(
            failure_threshold=self._failure_threshold,
            recovery_timeout=self._recovery_timeout,
            success_threshold=self._success_threshold,
        )
        config.counts_as_failure = self._is_failure  # type: ignore[method-assign,assignment] # Powertools takes classes only
        return config

    def _machine(self) -> Any:
        return _machine_class()(
            function=None,
            name=self.name,
            config=self._config,
            persistence_store=self._store or memory_store(),
            on_transition=self._on_transition,
        )

    def _open_error(self, circuit: Any) -> CircuitOpenError:
        msg = f"{self.name} failed too often and is not called for up to {self._recovery_timeout} s"
        opened_at = getattr(circuit, "opened_at", None)
        left = self._recovery_timeout if opened_at is None else opened_at + self._recovery_timeout - time.time()
        return CircuitOpenError(msg, service=self.name, retry_after=max(1.0, min(left, self._recovery_timeout)))


_shared: dict[str, CircuitBreaker] = {}


def shared_circuit_breaker(service: str) -> CircuitBreaker:
    """Return the circuit breaker that all clients of a service share in this process.

    Examples
    --------
    >>> shared_circuit_breaker("note-service") is shared_circuit_breaker("note-service")
    True
    """
    # If two threads create one at the same time, `setdefault` stores the first.
    return _shared.get(service) or _shared.setdefault(service, CircuitBreaker(service, on_transition=record_transition))


class _CircuitCall:
    """One call through the circuit: its admission and its outcome."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker = breaker
        self._machine = breaker._machine()  # noqa: SLF001 - one unit with the breaker
        self.is_probe = False
        self._is_released = False

    def acquire(self) -> None:
        """Admit the call; raises CircuitOpenError if the circuit is open."""
        from aws_lambda_powertools.utilities.circuit_breaker import CircuitBreakerOpenError

        try:
            is_probe = self._machine.handle() == _PROBE
        except CircuitBreakerOpenError as error:
            raise self._breaker._open_error(error.circuit) from None  # noqa: SLF001 - as above
        if is_probe:
            # Powertools elects a thread; the coroutines of a thread have to agree among themselves.
            with _lock:
                if self._breaker.name in _probing:
                    raise self._breaker._open_error(None)  # noqa: SLF001 - as above
                # The call was cancelled while this thread was still running.
                if not self._is_released:
                    _probing.add(self._breaker.name)
                    self.is_probe = True

    def record(self, error: Exception | None) -> None:
        """Record the error of the call, or its success."""
        if self.is_probe and isinstance(error, AIVoiceError) and error.status < _SERVER_SIDE:
            error = None  # the service rejected the request, so it is healthy
        trace = None if error is None else error.__traceback__
        try:
            self._machine.outcome(error, is_probe=self.is_probe)
        except Exception as same:
            if same is not error:
                raise
            # The state machine raised it again, which added frames.
            error.__traceback__ = trace

    def release(self) -> None:
        """Admit the next probe."""
        with _lock:
            self._is_released = True
            if self.is_probe:
                _probing.discard(self._breaker.name)


_CLOSED, _PROBE = "closed", "probe"
_lock = threading.Lock()
_with_state: set[str] = set()
_probing: set[str] = set()


@cache
def _machine_class() -> Any:
    from aws_lambda_powertools.utilities.circuit_breaker.base import CircuitBreakerHandler

    class Machine(CircuitBreakerHandler):
        """Powertools' handler without the call in its middle, so that the call can be awaited."""

        def _call_closed(self) -> str:
            return _CLOSED

        def _call_probe(self) -> str:
            return _PROBE

        def outcome(self, error: Exception | None, *, is_probe: bool) -> None:
            """Record the outcome of the call; raises the error again."""

            def replay() -> None:
                if error is not None:
                    raise error

            self.function = replay
            if is_probe:
                super()._call_probe()
            else:
                super()._call_closed()

    return Machine
