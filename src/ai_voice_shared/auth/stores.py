"""Stores of API key records."""

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
    """A store of key records by key id."""

    def get(self, key_id: str) -> ApiKeyRecord | None:
        """Return a record, or None where it does not exist. An outage raises an exception."""

    def put(self, record: ApiKeyRecord) -> None:
        """Store a record, replacing one with the same id."""

    def delete(self, key_id: str) -> None:
        """Delete a record. A missing record is not an error."""


class InMemoryApiKeyStore:
    """A store for the lifetime of the process: for tests, and for keys that come from a secret.

    Examples
    --------
    >>> InMemoryApiKeyStore().get("0123456789abcdef") is None
    True
    """

    def __init__(self, records: Iterable[ApiKeyRecord] = ()) -> None:
        self._records = {record.key_id: record for record in records}

    def get(self, key_id: str) -> ApiKeyRecord | None:
        """Return a record, or None where it does not exist."""
        return self._records.get(key_id)

    def put(self, record: ApiKeyRecord) -> None:
        """Store a record."""
        self._records[record.key_id] = record

    def delete(self, key_id: str) -> None:
        """Delete a record."""
        self._records.pop(key_id, None)


class DynamoDBApiKeyStore:
    """A store in a DynamoDB table with the string keys `pk` and `sk`, which may hold other items as well.

    Parameters
    ----------
    table_name
        The table.
    client
        A boto3 DynamoDB client; by default a shared client.
    region
        The table's region, for the default client.
    cache_ttl
        Seconds that a record is cached, and so may outlive its revocation; 0 disables the cache.
    cache_size
        The maximum number of cached records.
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
        """Return a record, or None where the table does not have it.

        Raises
        ------
        ServiceError
            The table could not be read.
        ConfigurationError
            The table does not exist, or the function's role may not read it.
        """
        cache = self._get_cache()
        with self._lock:
            record: ApiKeyRecord | None = cache.get(key_id)
        if record is None:
            response = self._call("get_item", Key=_key(key_id), ConsistentRead=True)
            if "Item" not in response:
                return None
            record = _from_item(response["Item"])
            with self._lock:
                cache[key_id] = record
        return record

    def put(self, record: ApiKeyRecord) -> None:
        """Store a record."""
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
        self._evict(record.key_id)

    def delete(self, key_id: str) -> None:
        """Delete a record."""
        self._call("delete_item", Key=_key(key_id))
        self._evict(key_id)

    def _evict(self, key_id: str) -> None:
        with self._lock:
            self._get_cache().pop(key_id, None)

    def _get_cache(self) -> Any:
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
