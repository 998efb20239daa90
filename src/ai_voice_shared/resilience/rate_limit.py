"""Rate limits: the number of calls in a window of time, counted in DynamoDB for all processes, or in memory for one.

Windows are fixed: they begin at multiples of their length, so one unconditional update of one item counts a call,
and the table's time to live removes old items. Around the end of a window a caller can make up to twice the limit,
which is enough to protect a service, but not to sell quotas.
"""

from __future__ import annotations

import hashlib
import logging
import math
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from ai_voice_shared.errors import RateLimitedError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DynamoDBRateStore", "MemoryRateStore", "RateLimiter", "RateStore"]

_log = logging.getLogger(__name__)


class RateStore(Protocol):
    """Counts calls."""

    def count(self, key: str, expires_at: int) -> int:
        """Count one more call under a key and return how many that makes.

        Parameters
        ----------
        key
            The caller and the window.
        expires_at
            Seconds since 1970 after which the count may be removed.
        """


class MemoryRateStore:
    """Counts calls in this process.

    Examples
    --------
    >>> store = MemoryRateStore()
    >>> store.count("a", 2_000_000_000), store.count("a", 2_000_000_000)
    (1, 2)
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, int]] = {}
        self._sweep_at = 0.0

    def count(self, key: str, expires_at: int) -> int:
        """Count one more call."""
        now = self._clock()
        with self._lock:
            if now >= self._sweep_at:
                self._counts = {name: entry for name, entry in self._counts.items() if entry[1] > now}
                self._sweep_at = now + 60
            count = self._counts.get(key, (0, 0))[0] + 1
            self._counts[key] = count, expires_at
            return count


class DynamoDBRateStore:
    """Counts calls for all processes, in a table with the schema of Powertools Idempotency.

    Parameters
    ----------
    table_name
        A table with the key `id` and a time to live on `expiration`.
    client
        A boto3 DynamoDB client; by default the process's own, with timeouts that suit a webhook.
    """

    def __init__(self, table_name: str, *, client: Any = None) -> None:
        self._table_name = table_name
        self._client = client

    def count(self, key: str, expires_at: int) -> int:
        """Count one more call; raises botocore's errors."""
        if self._client is None:
            from ai_voice_shared.aws import dynamodb_client

            self._client = dynamodb_client(read_timeout=1.0, max_attempts=2)
        response = self._client.update_item(
            TableName=self._table_name,
            Key={"id": {"S": f"rate#{key}"}},
            # "expiration" is Powertools' name; "hits" is not a reserved word.
            UpdateExpression="SET expiration = :expires ADD hits :one",
            ExpressionAttributeValues={":expires": {"N": str(expires_at)}, ":one": {"N": "1"}},
            ReturnValues="UPDATED_NEW",
        )
        return int(response["Attributes"]["hits"]["N"])


class RateLimiter:
    """Limits the calls that one caller may make in a window.

    Parameters
    ----------
    name
        What is limited, such as the service; different names are counted separately.
    limit
        Calls that one caller may make in a window.
    window
        Length of a window in seconds.
    store
        Counts the calls; by default in this process.
    clock
        Seconds since 1970.

    Examples
    --------
    >>> limiter = RateLimiter("lookup", limit=1, window=60, clock=lambda: 90.0)
    >>> limiter.check("203.0.113.7")
    >>> limiter.check("203.0.113.7")
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.requests.RateLimitedError: more than 1 calls of lookup in 60 s
    """

    def __init__(
        self,
        name: str,
        *,
        limit: int,
        window: int = 60,
        store: RateStore | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.limit = limit
        self.window = window
        self._store = store or MemoryRateStore(clock=clock)
        self._clock = clock

    def check(self, caller: str) -> None:
        """Count a call.

        Parameters
        ----------
        caller
            An id or an address. It is hashed before it is stored, since it may be personal data.

        Raises
        ------
        RateLimitedError
            The limit is exceeded; with the seconds until the next window.
        """
        now = self._clock()
        number = math.floor(now / self.window)
        ends_at = (number + 1) * self.window
        hashed = hashlib.sha256(f"{self.name}\0{caller}".encode()).hexdigest()[:32]
        try:
            count = self._store.count(f"{self.name}#{hashed}#{self.window}#{number}", ends_at)
        except Exception as error:  # noqa: BLE001 - a store that fails in any way must not cause an outage
            _log.warning("rate limit could not be counted", extra={"limit": self.name, "error": type(error).__name__})
            return
        if count > self.limit:
            msg = f"more than {self.limit} calls of {self.name} in {self.window} s"
            raise RateLimitedError(msg, retry_after=max(1.0, math.ceil(ends_at - now)), context={"limit": self.name})
