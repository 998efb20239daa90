"""Rate limits, counted in memory and in DynamoDB."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.dynamodb.models import DynamoDBBackend

from ai_voice_shared.errors import RateLimitedError
from ai_voice_shared.resilience.rate_limit import DynamoDBRateStore, MemoryRateStore, RateLimiter

if TYPE_CHECKING:
    from ai_voice_shared.resilience.rate_limit import RateStore

pytestmark = pytest.mark.unit

TABLE = "claims"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Create a clock."""
    return Clock()


@pytest.fixture
def table(aws_mock: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Create a table with the schema of Powertools Idempotency, and return its client."""
    # DynamoDB reads and adds in one step; moto does so only while no other thread writes.
    lock, update_item = threading.RLock(), DynamoDBBackend.update_item

    def atomic(*args: Any, **kwargs: Any) -> Any:
        with lock:
            return update_item(*args, **kwargs)

    monkeypatch.setattr(DynamoDBBackend, "update_item", atomic)
    client = boto3.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    return client


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest, clock: Clock) -> RateStore:
    """Create each of the stores."""
    if request.param == "memory":
        return MemoryRateStore(clock=clock)
    return DynamoDBRateStore(TABLE, client=request.getfixturevalue("table"))


def count_allowed(limiter: RateLimiter, caller: str, calls: int) -> int:
    """Return the number of calls that are allowed."""
    through = 0
    for _ in range(calls):
        try:
            limiter.check(caller)
        except RateLimitedError:
            continue
        through += 1
    return through


def test_a_window_allows_the_limit(store: RateStore, clock: Clock) -> None:
    """The limit holds for each caller and each name until the window ends."""
    limiter = RateLimiter("lookup", limit=3, window=60, store=store, clock=clock)
    assert count_allowed(limiter, "a", 5) == 3
    assert count_allowed(limiter, "b", 5) == 3
    assert count_allowed(RateLimiter("other", limit=3, window=60, store=store, clock=clock), "a", 5) == 3
    clock.now += 60
    assert count_allowed(limiter, "a", 5) == 3


def test_the_error_has_the_seconds_until_the_next_window(store: RateStore, clock: Clock) -> None:
    """The error has the seconds until the window ends, which begins at a multiple of its length."""
    clock.now = 60.0 * 1_000_000 + 45.5
    limiter = RateLimiter("lookup", limit=0, window=60, store=store, clock=clock)
    with pytest.raises(RateLimitedError) as raised:
        limiter.check("a")
    assert raised.value.retry_after == 15


def test_concurrent_calls_are_all_counted(store: RateStore, clock: Clock) -> None:
    """Concurrent calls are allowed exactly up to the limit."""
    limiter = RateLimiter("lookup", limit=10, window=60, store=store, clock=clock)
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: count_allowed(limiter, "a", 5), range(8))) == 10


def test_the_item_is_hashed_and_expires(table: Any, clock: Clock) -> None:
    """The item has a time to live under Powertools' name, and the caller only as a hash."""
    limiter = RateLimiter("lookup", limit=3, store=DynamoDBRateStore(TABLE, client=table), clock=clock)
    limiter.check("203.0.113.7")
    (item,) = table.scan(TableName=TABLE)["Items"]
    assert "203.0.113.7" not in str(item)
    assert hashlib.sha256(b"lookup\x00203.0.113.7").hexdigest()[:32] in item["id"]["S"]
    assert 0 < int(item["expiration"]["N"]) - clock.now <= 60


def test_the_process_s_own_client(table: Any, clock: Clock) -> None:
    """Without a client the store creates one."""
    assert count_allowed(RateLimiter("lookup", limit=1, store=DynamoDBRateStore(TABLE), clock=clock), "a", 2) == 1


def test_a_table_that_is_down_limits_no_caller(aws_mock: str, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """An outage of the table is logged, and is not an outage of the service."""
    limiter = RateLimiter("lookup", limit=1, store=DynamoDBRateStore("no-such-table"), clock=clock)
    assert count_allowed(limiter, "a", 3) == 3
    assert "rate limit could not be counted" in caplog.text


def test_old_counts_are_removed(clock: Clock) -> None:
    """Counts of past windows do not stay in memory."""
    store = MemoryRateStore(clock=clock)
    limiter = RateLimiter("lookup", limit=1, window=60, store=store, clock=clock)
    for number in range(100):
        limiter.check(str(number))
    clock.now += 120
    limiter.check("new")
    assert len(store._counts) == 1
