"""Powertools' circuit breaker, for synchronous and asynchronous calls, with and without a DynamoDB table.

The state machine is Powertools'. Added are: a store in memory for where there is no table, `async def` (Powertools'
decorator sees a coroutine function return at once and never its failure), this package's errors, and a healthy start
that costs nothing: without a table, Powertools is not even imported before the first failure.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

from ai_voice_shared.errors import AIVoiceError, CircuitOpenError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aws_lambda_powertools.utilities.circuit_breaker.persistence.base import CircuitBreakerPersistenceLayer

__all__ = ["CircuitBreaker", "dynamodb_store", "is_failure"]

T = TypeVar("T")


def is_failure(error: Exception) -> bool:
    """Say whether an error speaks against the other side: one that says what is wrong with the request does not.

    Examples
    --------
    >>> from ai_voice_shared.errors import NotFoundError, ServiceTimeoutError
    >>> is_failure(NotFoundError("Customer")), is_failure(ServiceTimeoutError())
    (False, True)
    """
    server_side = 500
    return not isinstance(error, AIVoiceError) or error.status >= server_side


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
    ai_voice_shared.errors.CircuitOpenError: example failed too often and is not asked for up to 30 s
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
    ) -> None:
        self.name = name
        self._failure_threshold = failure_threshold
        self._recovery_timeout = recovery_timeout
        self._success_threshold = success_threshold
        self._counts = counts
        self._store = store
        self._lock = threading.Lock()

    def call(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Call a function, unless the circuit is open.

        Raises
        ------
        CircuitOpenError
            The circuit is open; the function was not called.
        """
        if self._store is None:
            try:
                return function(*args, **kwargs)
            except Exception as error:
                self._first_failure(error)
                raise
        return self._handled(lambda: function(*args, **kwargs))

    async def acall(self, function: Callable[..., Awaitable[T]], /, *args: Any, **kwargs: Any) -> T:
        """Call a coroutine function, unless the circuit is open; raises as `call`."""
        if self._store is None:
            try:
                return await function(*args, **kwargs)
            except Exception as error:
                self._first_failure(error)
                raise
        import anyio.from_thread
        import anyio.to_thread

        async def awaited() -> T:
            return await function(*args, **kwargs)

        # Powertools' machine is synchronous. It runs in a worker thread (its store may be on the network) and calls
        # back into the event loop for the protected coroutine.
        return await anyio.to_thread.run_sync(lambda: self._handled(lambda: anyio.from_thread.run(awaited)))

    def _first_failure(self, error: Exception) -> None:
        """Begin to keep state with the first failure that counts, and count it."""
        if not self._counts(error):
            return
        with self._lock:
            if self._store is None:
                self._store = memory_store()

        def failed() -> None:
            raise error

        try:
            self._handled(failed)
        except CircuitOpenError:
            return  # another thread's failures have opened it meanwhile
        except Exception as same:  # it is the error itself, counted now
            if same is not error:
                raise

    def _handled(self, function: Callable[[], T]) -> T:
        from aws_lambda_powertools.utilities.circuit_breaker import CircuitBreakerConfig, CircuitBreakerOpenError
        from aws_lambda_powertools.utilities.circuit_breaker.base import CircuitBreakerHandler

        class Config(CircuitBreakerConfig):
            counts_as_failure = staticmethod(self._counts)  # type: ignore[assignment]

        config = Config(
            failure_threshold=self._failure_threshold,
            recovery_timeout=self._recovery_timeout,
            success_threshold=self._success_threshold,
        )
        handler = CircuitBreakerHandler(
            function=function, name=self.name, config=config, persistence_store=self._store or memory_store()
        )
        try:
            result: T = handler.handle()
        except CircuitBreakerOpenError:
            msg = f"{self.name} failed too often and is not asked for up to {self._recovery_timeout} s"
            raise CircuitOpenError(msg, service=self.name) from None
        return result


_memory: Any = None
_memory_lock = threading.Lock()


def memory_store() -> CircuitBreakerPersistenceLayer:
    """Give the process's store in memory."""
    global _memory  # noqa: PLW0603 - one per process, as circuits of one name share their state
    with _memory_lock:
        if _memory is None:
            _memory = _make_memory_store()
        store: CircuitBreakerPersistenceLayer = _memory
        return store


def _make_memory_store() -> CircuitBreakerPersistenceLayer:
    from aws_lambda_powertools.utilities.circuit_breaker import CircuitState
    from aws_lambda_powertools.utilities.circuit_breaker.persistence.base import (
        CircuitBreakerExistingLockError,
        CircuitBreakerPersistenceLayer,
    )
    from aws_lambda_powertools.utilities.circuit_breaker.persistence.record import CircuitStateRecord

    class MemoryStore(CircuitBreakerPersistenceLayer):
        """Circuit states in a dictionary."""

        def __init__(self) -> None:
            super().__init__()
            self._records: dict[str, CircuitStateRecord] = {}
            self._records_lock = threading.Lock()

        def get_state(self, name: str) -> CircuitStateRecord:
            # The base class keeps what it has read for seconds; here the truth is as near as the copy.
            return self._get_record(name) or CircuitStateRecord(name=name, state=CircuitState.CLOSED)

        def _get_record(self, name: str) -> CircuitStateRecord | None:
            with self._records_lock:
                return self._records.get(name)

        def _put_record(
            self, record: CircuitStateRecord, condition: str | None = None, expected_opened_at: int | None = None
        ) -> None:
            with self._records_lock:
                there = self._records.get(record.name)
                if condition == "half_open" and there is not None and not _may_probe(there, expected_opened_at):
                    raise CircuitBreakerExistingLockError
                self._records[record.name] = record

        def _update_record(self, record: CircuitStateRecord) -> None:
            with self._records_lock:
                self._records[record.name] = record

    def _may_probe(there: CircuitStateRecord, expected_opened_at: int | None) -> bool:
        import time

        if there.opened_at != expected_opened_at:
            return False
        lease_over = there.probe_lease_expiry is not None and time.time() >= there.probe_lease_expiry
        return there.state == CircuitState.OPEN or (there.state == CircuitState.HALF_OPEN and lease_over)

    return MemoryStore()


def dynamodb_store(table_name: str, *, client: Any = None, **options: Any) -> CircuitBreakerPersistenceLayer:
    """Make Powertools' store on a DynamoDB table, which all functions share.

    Parameters
    ----------
    table_name
        The table; the one of Powertools Idempotency serves as well.
    client
        A boto3 DynamoDB client; by default the process's own.
    **options
        Passed on to `CircuitBreakerDynamoDBPersistence`. On a table with a sort key give `sort_key_attr` and a
        `static_pk_value` that all functions share: by default each function would have a circuit of its own.
    """
    from aws_lambda_powertools.utilities.circuit_breaker.persistence import CircuitBreakerDynamoDBPersistence

    from ai_voice_shared.aws import aws_client

    store: CircuitBreakerPersistenceLayer = CircuitBreakerDynamoDBPersistence(
        table_name=table_name, boto3_client=client or aws_client("dynamodb"), **options
    )
    return store
