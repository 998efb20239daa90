"""Powertools' circuit breaker, for synchronous and asynchronous calls, with and without a DynamoDB table.

The state machine is Powertools'. Added are: a store in memory for where there is no table, `async def` (Powertools'
decorator sees a coroutine function return at once and never its failure), one probe at a time also among coroutines,
this package's errors, and a healthy start that costs nothing: without a table, Powertools is not even imported before
the first failure.
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

__all__ = ["CircuitBreaker", "dynamodb_store", "is_failure", "record_transition"]

_log = logging.getLogger(__name__)
T = TypeVar("T")
_SERVER_SIDE = 500


def is_failure(error: Exception) -> bool:
    """Say whether an error speaks against the other side.

    One that says what is wrong with the request does not, nor does one for which nobody was asked: a setting that is
    missing, a deadline that is over.

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
    """Say in the log and in the metrics that a circuit went to another state; the clients of this package use it.

    The metrics are those of `MetricsClient.circuit_transition`, written at once: a circuit changes seldom, and nobody
    may be there to write them at the end of the invocation.

    Parameters
    ----------
    transition
        What Powertools says of it.

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
        "a circuit changed its state",
        extra={"circuit": transition.circuit_name, "from_state": before, "to_state": after},
    )
    metrics = get_metrics()
    metrics.circuit_transition(transition.circuit_name, after)
    metrics.flush()


class CircuitBreaker:
    """Stops asking somebody who keeps failing, and asks again after a while.

    Parameters
    ----------
    name
        The circuit; one for each thing that is called. Circuits of the same name share their state.
    failure_threshold
        Failures in a row that open it.
    recovery_timeout
        Seconds until one call may probe.
    success_threshold
        Probes in a row that close it.
    counts
        Which errors count as failures.
    store
        Where the state is kept, see `dynamodb_store`; by default in this process.
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
    ai_voice_shared.errors.services.CircuitOpenError: example failed too often and is not asked for up to 30 s
    """

    def __init__(
        self,
        name: str = "default",
        *,
        failure_threshold: int = 5,
        recovery_timeout: int = 30,
        success_threshold: int = 1,
        counts: Callable[[Exception], bool] = is_failure,
        store: CircuitBreakerPersistenceLayer | None = None,
        on_transition: Callable[[CircuitTransition], None] | None = None,
    ) -> None:
        self.name = name
        self._failure_threshold = failure_threshold
        self._recovery_timeout = recovery_timeout
        self._success_threshold = success_threshold
        self._counts = counts
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
        passage = _Passage(self)
        passage.enter()
        try:
            result = function(*args, **kwargs)
        except Exception as error:
            passage.leave(error)
            raise
        else:
            passage.leave(None)
            return result
        finally:
            passage.release()

    async def acall(self, function: Callable[..., Awaitable[T]], /, *args: Any, **kwargs: Any) -> T:
        """Call a coroutine function, unless the circuit is open; raises as `call`."""
        if self._is_untouched():
            try:
                return await function(*args, **kwargs)
            except Exception as error:
                self._first_failure(error)
                raise
        passage = _Passage(self)
        try:
            await self._aside(passage.enter)
        except BaseException:
            passage.release()
            raise
        try:
            result = await function(*args, **kwargs)
        except Exception as error:
            await self._aside(partial(passage.leave, error))
            raise
        else:
            if passage.probes:
                await self._aside(partial(passage.leave, None))
            else:
                passage.leave(None)  # writes nothing
            return result
        finally:
            passage.release()

    async def _aside(self, step: Callable[[], None]) -> None:
        """Take a step of the machine, in a worker thread where its store may be on the network."""
        if self._store is None:
            step()
            return
        import anyio.to_thread

        await anyio.to_thread.run_sync(step)

    def _is_untouched(self) -> bool:
        return self._store is None and self.name not in _with_state

    def _first_failure(self, error: Exception) -> None:
        """Begin to keep state with the first failure that counts, and count it."""
        if self._counts(error):
            _with_state.add(self.name)
            # It went in through a circuit that was closed, whatever it has become meanwhile.
            _Passage(self).leave(error)

    @locked_cached_property
    def _config(self) -> Any:
        from aws_lambda_powertools.utilities.circuit_breaker import CircuitBreakerConfig

        config = CircuitBreakerConfig(
            failure_threshold=self._failure_threshold,
            recovery_timeout=self._recovery_timeout,
            success_threshold=self._success_threshold,
        )
        config.counts_as_failure = self._counts  # type: ignore[method-assign,assignment] # its own knows types only
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
        msg = f"{self.name} failed too often and is not asked for up to {self._recovery_timeout} s"
        opened_at = getattr(circuit, "opened_at", None)
        left = self._recovery_timeout if opened_at is None else opened_at + self._recovery_timeout - time.time()
        return CircuitOpenError(msg, service=self.name, retry_after=max(1.0, min(left, self._recovery_timeout)))


class _Passage:
    """One call's way through the circuit: in, and out with what became of it."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker = breaker
        self._machine = breaker._machine()  # noqa: SLF001 - the two are one
        self.probes = False
        self._is_over = False

    def enter(self) -> None:
        """Go in; raises CircuitOpenError where the circuit is open."""
        from aws_lambda_powertools.utilities.circuit_breaker import CircuitBreakerOpenError

        try:
            probes = self._machine.handle() == _PROBE
        except CircuitBreakerOpenError as error:
            raise self._breaker._open_error(error.circuit) from None  # noqa: SLF001 - as above
        if probes:
            # Powertools elects a thread; the coroutines of a thread have to agree among themselves.
            with _lock:
                if self._breaker.name in _probing:
                    raise self._breaker._open_error(None)  # noqa: SLF001 - as above
                # A call that was cancelled has left this thread behind.
                if not self._is_over:
                    _probing.add(self._breaker.name)
                    self.probes = True

    def leave(self, error: Exception | None) -> None:
        """Go out, with the error of the call or with its success."""
        if self.probes and isinstance(error, AIVoiceError) and error.status < _SERVER_SIDE:
            error = None  # it said what is wrong with the request, so it is well
        trace = None if error is None else error.__traceback__
        try:
            self._machine.outcome(error, probes=self.probes)
        except Exception as same:
            if same is not error:
                raise
            # Counting it has left no trace.
            error.__traceback__ = trace

    def release(self) -> None:
        """Let another probe go in."""
        with _lock:
            self._is_over = True
            if self.probes:
                _probing.discard(self._breaker.name)


_CLOSED, _PROBE = "closed", "probe"
_lock = threading.Lock()
_with_state: set[str] = set()
_probing: set[str] = set()


@cache
def _machine_class() -> Any:
    from aws_lambda_powertools.utilities.circuit_breaker.base import CircuitBreakerHandler

    class Machine(CircuitBreakerHandler):
        """Powertools' handler with the call taken out of its middle, so that it can be awaited."""

        def _call_closed(self) -> str:
            return _CLOSED

        def _call_probe(self) -> str:
            return _PROBE

        def outcome(self, error: Exception | None, *, probes: bool) -> None:
            """Record what became of the call; raises the error again."""

            def replay() -> None:
                if error is not None:
                    raise error

            self.function = replay
            if probes:
                super()._call_probe()
            else:
                super()._call_closed()

    return Machine
