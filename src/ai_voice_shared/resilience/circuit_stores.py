"""Stores of circuit breaker state: in this process, or in a DynamoDB table that all functions share."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.circuit_breaker.persistence.base import CircuitBreakerPersistenceLayer

__all__ = ["dynamodb_store", "memory_store"]

_memory: Any = None
_memory_lock = threading.Lock()


def memory_store() -> CircuitBreakerPersistenceLayer:
    """Return the store in memory, one per process."""
    global _memory  # noqa: PLW0603 - one per process, as circuits of one name share their state
    with _memory_lock:
        if _memory is None:
            _memory = _create_memory_store()
        store: CircuitBreakerPersistenceLayer = _memory
        return store


def _create_memory_store() -> CircuitBreakerPersistenceLayer:
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
            # The base class caches a record for seconds, which saves nothing in memory.
            return self._get_record(name) or CircuitStateRecord(name=name, state=CircuitState.CLOSED)

        def _get_record(self, name: str) -> CircuitStateRecord | None:
            with self._records_lock:
                return self._records.get(name)

        def _put_record(
            self, record: CircuitStateRecord, condition: str | None = None, expected_opened_at: int | None = None
        ) -> None:
            with self._records_lock:
                stored = self._records.get(record.name)
                if condition == "half_open" and stored is not None and not _may_probe(stored, expected_opened_at):
                    raise CircuitBreakerExistingLockError
                self._records[record.name] = record

        def _update_record(self, record: CircuitStateRecord) -> None:
            with self._records_lock:
                self._records[record.name] = record

    def _may_probe(stored: CircuitStateRecord, expected_opened_at: int | None) -> bool:
        if stored.opened_at != expected_opened_at:
            return False
        lease_expired = stored.probe_lease_expiry is not None and time.time() >= stored.probe_lease_expiry
        return stored.state == CircuitState.OPEN or (stored.state == CircuitState.HALF_OPEN and lease_expired)

    return MemoryStore()


def dynamodb_store(table_name: str, *, client: Any = None, **options: Any) -> CircuitBreakerPersistenceLayer:
    """Create Powertools' store on a DynamoDB table, which all functions share.

    Parameters
    ----------
    table_name
        The table; that of Powertools Idempotency may be used as well.
    client
        A boto3 DynamoDB client; by default the process's own, with timeouts that keep a slow table from becoming the
        outage.
    **options
        Passed on to `CircuitBreakerDynamoDBPersistence`. On a table with a sort key pass `sort_key_attr` and a
        `static_pk_value` that all functions share: by default each function would have a circuit of its own.
    """
    from aws_lambda_powertools.utilities.circuit_breaker.persistence import CircuitBreakerDynamoDBPersistence

    from ai_voice_shared.aws import dynamodb_client
    from ai_voice_shared.utils.deadline import DEFAULT_RESERVE

    if client is None:
        # That a call used up the deadline is what has to be recorded.
        client = dynamodb_client(read_timeout=1.0, max_attempts=2, grace=DEFAULT_RESERVE)
    store: CircuitBreakerPersistenceLayer = CircuitBreakerDynamoDBPersistence(
        table_name=table_name, boto3_client=client, **options
    )
    return store
