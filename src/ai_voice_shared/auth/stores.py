"""Where the records of API keys are kept."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ai_voice_shared.auth.api_keys import ApiKeyRecord
from ai_voice_shared.observability.tracing import get_tracer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["ApiKeyStore", "DynamoDBApiKeyStore", "InMemoryApiKeyStore"]


@runtime_checkable
class ApiKeyStore(Protocol):
    """Keeps records of keys by their id."""

    def get(self, key_id: str) -> ApiKeyRecord | None:
        """Give a record, or None where there is none. An outage is an exception."""

    def put(self, record: ApiKeyRecord) -> None:
        """Keep a record, in place of the one with its id."""

    def delete(self, key_id: str) -> None:
        """Forget a record; none is no error."""


class InMemoryApiKeyStore:
    """Keeps records for the life of the process: for tests, and for keys that come from a secret.

    Examples
    --------
    >>> InMemoryApiKeyStore().get("0123456789abcdef") is None
    True
    """

    def __init__(self, records: Iterable[ApiKeyRecord] = ()) -> None:
        self._records = {record.key_id: record for record in records}

    def get(self, key_id: str) -> ApiKeyRecord | None:
        """Give a record, or None."""
        return self._records.get(key_id)

    def put(self, record: ApiKeyRecord) -> None:
        """Keep a record."""
        self._records[record.key_id] = record

    def delete(self, key_id: str) -> None:
        """Forget a record."""
        self._records.pop(key_id, None)


class DynamoDBApiKeyStore:
    """Keeps records in a DynamoDB table whose keys are the strings `pk` and `sk`; other items may live beside them.

    Parameters
    ----------
    table_name
        The table.
    client
        A boto3 DynamoDB client; by default the process's own.
    region
        The table's region, for the default client.
    cache_ttl
        Seconds that a record is kept in memory, and so may outlive its revocation; 0 asks every time.
    cache_size
        Records in memory.
    """

    def __init__(
        self,
        table_name: str,
        *,
        client: Any = None,
        region: str | None = None,
        cache_ttl: float = 60.0,
        cache_size: int = 256,
    ) -> None:
        self._table_name = table_name
        self._client = client
        self._region = region
        self._cache_ttl = cache_ttl
        self._cache_size = cache_size
        self._cache: Any = None
        self._lock = threading.Lock()

    def get(self, key_id: str) -> ApiKeyRecord | None:
        """Give a record, or None where the table has none.

        Raises
        ------
        ServiceError
            The table could not be read.
        ConfigurationError
            There is no such table, or the function's role may not read it.
        """
        cache = self._records()
        with self._lock:
            record: ApiKeyRecord | None = cache.get(key_id)
        if record is None:
            answer = self._call("get_item", Key=_key(key_id), ConsistentRead=True)
            if "Item" not in answer:
                return None
            record = _from_item(answer["Item"])
            with self._lock:
                cache[key_id] = record
        return record

    def put(self, record: ApiKeyRecord) -> None:
        """Keep a record."""
        item = {
            **_key(record.key_id),
            "service": {"S": record.service},
            "key_hash": {"S": record.key_hash},
            "created_at": {"N": repr(record.created_at)},
            "scopes": {"L": [{"S": scope} for scope in record.scopes]},
        }
        if record.expires_at is not None:
            item["expires_at"] = {"N": repr(record.expires_at)}
        self._call("put_item", Item=item)
        self._forget(record.key_id)

    def delete(self, key_id: str) -> None:
        """Forget a record."""
        self._call("delete_item", Key=_key(key_id))
        self._forget(key_id)

    def _forget(self, key_id: str) -> None:
        with self._lock:
            self._records().pop(key_id, None)

    def _records(self) -> Any:
        if self._cache is None:
            from cachetools import TTLCache

            self._cache = TTLCache(self._cache_size, self._cache_ttl)
        return self._cache

    def _call(self, method: str, **arguments: Any) -> Any:
        from ai_voice_shared.aws import dynamodb_client, map_errors

        if self._client is None:
            self._client = dynamodb_client(region_name=self._region)
        call: Callable[..., Any] = getattr(self._client, method)
        with (
            get_tracer().span(f"## dynamodb.{method}", table=self._table_name),
            map_errors(service="dynamodb", action=f"{method} on the table {self._table_name}", table=self._table_name),
        ):
            return call(TableName=self._table_name, **arguments)


def _key(key_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"api-key#{key_id}"}, "sk": {"S": "api-key"}}


def _from_item(item: dict[str, Any]) -> ApiKeyRecord:
    return ApiKeyRecord(
        key_id=item["pk"]["S"].removeprefix("api-key#"),
        service=item["service"]["S"],
        key_hash=item["key_hash"]["S"],
        created_at=float(item["created_at"]["N"]),
        expires_at=float(item["expires_at"]["N"]) if "expires_at" in item else None,
        scopes=tuple(scope["S"] for scope in item["scopes"]["L"]),
    )
