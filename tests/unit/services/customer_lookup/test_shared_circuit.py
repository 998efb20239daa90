"""The circuit in a DynamoDB table that all functions share, with both clients and a server that fails."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from ai_voice_shared.errors import CircuitOpenError, CustomerLookupUnavailableError
from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker
from ai_voice_shared.services.customer_lookup.contract import SERVICE
from ai_voice_shared.testing.aws import clear_clients, isolate
from tests.support.faulty_http import FaultyHttp, closed_port, reply

from .conftest import CUSTOMER, PHONE, found, lookup_settings, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

THRESHOLD = 5


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Create a table in memory, and return its client."""
    region = isolate(monkeypatch)
    clear_clients()
    with mock_aws():
        client = boto3.client("dynamodb", region_name=region)
        client.create_table(
            TableName="circuits",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client
    clear_clients()


@pytest.fixture
def advance(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set Powertools' clock forward."""
    from aws_lambda_powertools.utilities.circuit_breaker.base import CircuitBreakerHandler

    def put(seconds: int) -> None:
        monkeypatch.setattr(CircuitBreakerHandler, "_now", staticmethod(lambda: int(time.time()) + seconds))

    return put


def state(table: Any) -> str | None:
    """Read the circuit's state from the table."""
    item = table.get_item(TableName="circuits", Key={"id": {"S": SERVICE}}).get("Item")
    return item["state"]["S"] if item else None


def settings(server_url: str) -> Any:
    """Create settings with the table and without a cache."""
    return lookup_settings(url=server_url, circuit_breaker_table="circuits", cache_size=0)


async def test_an_open_circuit_is_open_for_all_functions(
    server: FaultyHttp, make_lookup: Any, table: Any, advance: Any
) -> None:
    """The circuit opens for all functions after failures in a row, and one probe closes it for all."""
    server.responses = [reply(503)]
    one, other = (make_lookup(settings(server.url), circuit_breaker=None) for _ in range(2))
    for _ in range(THRESHOLD):
        with pytest.raises(CustomerLookupUnavailableError):
            await one(phone_number=PHONE)
    assert (state(table), len(server.requests)) == ("OPEN", THRESHOLD)

    with pytest.raises(CustomerLookupUnavailableError) as caught:
        await other(phone_number=PHONE)
    assert isinstance(caught.value.__cause__, CircuitOpenError)
    assert caught.value.retry_after is not None
    assert len(server.requests) == THRESHOLD

    server.responses = [found()]
    advance(31)
    assert (await other(phone_number=PHONE)).customer_id == CUSTOMER["customer_id"]
    assert state(table) == "CLOSED"
    # A third function has no cached state.
    assert await make_lookup(settings(server.url), circuit_breaker=None)(phone_number=PHONE) is not None


async def test_unknown_senders_and_rejected_requests_do_not_open_it(
    server: FaultyHttp, make_lookup: Any, table: Any
) -> None:
    """A server that responds "not found" or rejects a request is healthy."""
    lookup = make_lookup(settings(server.url), circuit_breaker=None)
    server.responses = [unknown()]
    for _ in range(THRESHOLD + 1):
        assert await lookup(phone_number=PHONE) is None
    assert state(table) in {None, "CLOSED"}


async def test_a_table_that_is_down_is_not_an_outage(
    server: FaultyHttp, make_lookup: Any, table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its table the circuit is closed, and a failed lookup keeps its own error."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setattr("botocore.endpoint.time", type("NoWait", (), {"sleep": staticmethod(lambda _: None)}))
    clear_clients()
    lookup = make_lookup(settings(server.url), circuit_breaker=None)
    assert (await lookup(phone_number=PHONE)).customer_id == CUSTOMER["customer_id"]
    server.responses = [reply(503)]
    for _ in range(THRESHOLD + 1):
        with pytest.raises(CustomerLookupUnavailableError) as caught:
            await lookup(phone_number=PHONE)
        assert caught.value.status_code == 503


async def test_neither_table_nor_log_have_the_sender(
    server: FaultyHttp, make_lookup: Any, table: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The table has the server's name and its state only."""
    caplog.set_level(logging.DEBUG)
    server.responses = [reply(503)]
    lookup = make_lookup(settings(server.url), circuit_breaker=None)
    for _ in range(THRESHOLD):
        with pytest.raises(CustomerLookupUnavailableError):
            await lookup(phone_number=PHONE)
    stored = json.dumps(table.scan(TableName="circuits")["Items"])
    logged = str([(vars(record), record.getMessage()) for record in caplog.records])
    assert SERVICE in stored
    for text in (stored, logged):
        assert PHONE.removeprefix("+") not in text


def test_the_environment_names_the_table(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One variable names the table of all circuits of a function."""
    from ai_voice_shared import CustomerLookupClient

    monkeypatch.setenv("CUSTOMER_LOOKUP_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("CIRCUIT_BREAKER_TABLE_NAME", "circuits")
    breaker = CustomerLookupClient().circuit_breaker
    assert isinstance(breaker, CircuitBreaker)
    store: Any = breaker._store
    assert (breaker.name, store.table_name) == (SERVICE, "circuits")
