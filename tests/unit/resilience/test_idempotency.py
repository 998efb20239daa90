"""Idempotent processing: a message is handled once, however often and however concurrently it is delivered."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws
from moto.dynamodb.models import DynamoDBBackend

from ai_voice_shared import TwilioStatusCallback, TwilioWebhookPayload, handle_once
from ai_voice_shared.aws import clear_clients
from ai_voice_shared.errors import (
    MediaUnavailableError,
    MissingSettingError,
    ServiceUnavailableError,
)
from ai_voice_shared.resilience import Deadline, IdempotencyGuard, use_deadline
from ai_voice_shared.settings import IdempotencySettings
from ai_voice_shared.testing.twilio import message_parameters, new_sid, status_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.unit

REGION = "eu-central-1"
TABLE = "claims"


class Context:
    """Lambda's context, with a time that a test sets."""

    def __init__(self, milliseconds: int) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        """Return the time."""
        return self.milliseconds


class CrashError(BaseException):
    """The process is gone, and no handler of this package runs."""


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Create the table in memory, with the schema of the stack."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    # DynamoDB checks the condition and writes in one step; moto does so only while no other thread writes.
    lock, put_item = threading.RLock(), DynamoDBBackend.put_item

    def atomic(*args: Any, **kwargs: Any) -> Any:
        with lock:
            return put_item(*args, **kwargs)

    monkeypatch.setattr(DynamoDBBackend, "put_item", atomic)
    with mock_aws():
        client = boto3.client("dynamodb", region_name=REGION, config=Config(max_pool_connections=60))
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        yield client


@pytest.fixture
def guard(table: Any) -> IdempotencyGuard:
    """Create a guard with that table."""
    from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

    settings = IdempotencySettings(table_name=TABLE, region=REGION)
    return IdempotencyGuard(settings, store=DynamoDBPersistenceLayer(TABLE, boto3_client=table))


@pytest.fixture
def message() -> TwilioWebhookPayload:
    """Create a message full of personal data."""
    return TwilioWebhookPayload.from_pairs(
        message_parameters(From="whatsapp:+61412345678", Body="call my wife", ProfileName="Zebedee")
    )


def items(table: Any) -> list[dict[str, Any]]:
    """Return the items of the table."""
    found: list[dict[str, Any]] = table.scan(TableName=TABLE)["Items"]
    return found


def counting_handler(outcome: str | None = "stored") -> tuple[list[int], Callable[[], str | None]]:
    """Return a handler, and the list of its calls."""
    calls: list[int] = []

    def handler() -> str | None:
        calls.append(1)
        return outcome

    return calls, handler


@pytest.mark.parametrize("outcome", ["stored", None])
def test_a_message_is_handled_once(guard: IdempotencyGuard, message: TwilioWebhookPayload, outcome: str | None) -> None:
    """A second delivery calls no handler and gets the outcome of the first."""
    calls, handler = counting_handler(outcome)
    assert [guard.handle(message, handler, context=Context(10_000)) for _ in range(3)] == [outcome] * 3
    assert len(calls) == 1


def test_one_of_fifty_concurrent_deliveries_is_handled(guard: IdempotencyGuard, message: TwilioWebhookPayload) -> None:
    """One of fifty concurrent deliveries is handled; the others get its outcome, or a 503."""
    barrier, calls = threading.Barrier(50), []

    def handler() -> str:
        calls.append(threading.get_ident())
        return "stored"

    def deliver(_: int) -> str | None:
        barrier.wait()
        try:
            return guard.handle(message, handler, context=Context(10_000))
        except ServiceUnavailableError as error:
            return str(error.context["reason"])

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(deliver, range(50)))
    assert len(calls) == 1
    assert "stored" in outcomes
    assert set(outcomes) <= {"stored", "in_progress"}
    assert guard.handle(message, handler, context=Context(10_000)) == "stored"
    assert len(calls) == 1


def test_a_concurrent_delivery_is_unavailable(guard: IdempotencyGuard, message: TwilioWebhookPayload) -> None:
    """A delivery during the processing of another gets a 503, which makes Twilio retry."""
    calls, handler = counting_handler()

    def outer() -> str:
        with pytest.raises(ServiceUnavailableError, match="another delivery") as caught:
            guard.handle(message, handler, context=Context(10_000))
        assert caught.value.status == 503
        assert caught.value.retryable
        return "stored"

    assert guard.handle(message, outer, context=Context(10_000)) == "stored"
    assert calls == []


def test_an_error_releases_the_claim(guard: IdempotencyGuard, table: Any, message: TwilioWebhookPayload) -> None:
    """An error of the handler is raised as it is, and the next delivery is handled."""

    def fail() -> str:
        raise MediaUnavailableError("later")

    with pytest.raises(MediaUnavailableError, match="later"):
        guard.handle(message, fail, context=Context(10_000))
    assert items(table) == []
    calls, handler = counting_handler()
    assert guard.handle(message, handler, context=Context(10_000)) == "stored"
    assert len(calls) == 1


def retry_until_released(deliver: Callable[[], str | None]) -> str | None:
    """Deliver again until the claim has expired, which it has from the next millisecond on."""
    for _ in range(1000):
        try:
            return deliver()
        except ServiceUnavailableError:
            continue
    pytest.fail("the claim is never given back")


def crash() -> str:
    """End the process, as far as the package can see."""
    raise CrashError


@pytest.mark.parametrize("source", ["context", "deadline"])
def test_a_claim_expires_after_a_crash(
    guard: IdempotencyGuard, table: Any, message: TwilioWebhookPayload, source: str
) -> None:
    """A delivery is handled once the time of the crashed invocation is over, and not before."""
    calls, handler = counting_handler()
    for left, is_released in ((60.0, False), (0.0, True)):
        for item in items(table):
            table.delete_item(TableName=TABLE, Key={"id": item["id"]})
        context = Context(int(left * 1000)) if source == "context" else None
        with use_deadline(Deadline(left)), pytest.raises(CrashError):
            guard.handle(message, crash, context=context)
        assert [item["status"]["S"] for item in items(table)] == ["INPROGRESS"]
        if is_released:
            assert retry_until_released(lambda: guard.handle(message, handler, context=Context(10_000))) == "stored"
        else:
            with pytest.raises(ServiceUnavailableError):
                guard.handle(message, handler, context=Context(10_000))
    assert len(calls) == 1


def test_an_outcome_is_recorded_after_the_deadline(
    table: Any, message: TwilioWebhookPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outcome is written in the time that Lambda keeps back, so that the next delivery does not run the handler."""
    monkeypatch.setenv("AWS_REGION", REGION)
    clear_clients()
    guard, now, calls = IdempotencyGuard(IdempotencySettings(table_name=TABLE)), [0.0], []

    def handler() -> str:
        now[0] = 60.0
        calls.append("handler")
        return "stored"

    with use_deadline(Deadline(5, clock=lambda: now[0])):
        assert guard.handle(message, handler) == "stored"
    assert guard.handle(message, handler) == "stored"
    assert calls == ["handler"]
    clear_clients()


def test_a_claim_without_a_deadline_expires(table: Any, guard: IdempotencyGuard, message: TwilioWebhookPayload) -> None:
    """Without a deadline the timeout of the settings counts, so no claim lasts forever."""
    with pytest.raises(CrashError):
        guard.handle(message, crash)
    (item,) = items(table)
    assert int(item["in_progress_expiration"]["N"]) > 0


def test_each_status_is_an_event_of_its_own(guard: IdempotencyGuard) -> None:
    """A callback is handled once for each status, and is distinct from the message."""
    sid = new_sid("SM")
    calls, handler = counting_handler()
    events: list[TwilioStatusCallback | TwilioWebhookPayload] = [
        *(
            TwilioStatusCallback.from_pairs(status_parameters(status, MessageSid=sid))
            for status in ("sent", "delivered", "sent")
        ),
        TwilioWebhookPayload.from_pairs(message_parameters(MessageSid=sid)),
    ]
    for event in events:
        guard.handle(event, handler, context=Context(10_000))
    assert len(calls) == 3


def test_the_table_holds_no_personal_data(guard: IdempotencyGuard, table: Any, message: TwilioWebhookPayload) -> None:
    """Keys are hashed, and nothing of the message is stored but the name of its outcome."""
    assert guard.handle(message, lambda: "stored", context=Context(10_000)) == "stored"
    (item,) = items(table)
    assert set(item) <= {"id", "status", "expiration", "in_progress_expiration", "data"}
    assert item["data"]["S"] == '"stored"'
    written = json.dumps(item)
    for text in ("61412345678", "Zebedee", "wife", message.message_sid):
        assert text not in written


@pytest.mark.parametrize("outcome", ["Thank you, Zebedee", "+61412345678", "61412345678", "Zebedee", "a" * 65, ""])
def test_an_outcome_must_be_a_name(
    guard: IdempotencyGuard, table: Any, message: TwilioWebhookPayload, outcome: str
) -> None:
    """A text that could contain personal data is rejected, not stored, and not repeated in the error."""
    with pytest.raises(TypeError, match="name of its outcome") as caught:
        guard.handle(message, lambda: outcome, context=Context(10_000))
    assert "Zebedee" not in str(caught.value)
    assert items(table) == []


def test_without_its_table_nothing_is_handled(
    table: Any, guard: IdempotencyGuard, message: TwilioWebhookPayload
) -> None:
    """An outage of the table is an error before the handler is called."""
    table.delete_table(TableName=TABLE)
    calls, handler = counting_handler()
    with pytest.raises(ServiceUnavailableError, match="idempotency table") as caught:
        guard.handle(message, handler, context=Context(10_000))
    assert caught.value.service == "idempotency"
    assert calls == []


def test_handle_once_reads_the_environment(
    table: Any, message: TwilioWebhookPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`handle_once` takes the table from the environment, and names the variable if it is not set."""
    from ai_voice_shared.resilience import idempotency

    monkeypatch.setattr(idempotency, "_shared_guard", IdempotencyGuard())
    monkeypatch.delenv("IDEMPOTENCY_TABLE_NAME", raising=False)
    with pytest.raises(MissingSettingError, match="IDEMPOTENCY_TABLE_NAME"):
        handle_once(message, lambda: "stored")
    monkeypatch.setenv("IDEMPOTENCY_TABLE_NAME", TABLE)
    monkeypatch.setenv("AWS_REGION", REGION)
    assert [handle_once(message, lambda: "stored", context=Context(5000)) for _ in range(2)] == ["stored"] * 2
    assert len(items(table)) == 1


def test_a_handler_may_handle_another_event(guard: IdempotencyGuard, message: TwilioWebhookPayload) -> None:
    """Powertools stores the prefix of a key on the store, and nested events must not share it."""
    status = TwilioStatusCallback.from_pairs(status_parameters(MessageStatus="delivered"))
    calls: list[str] = []

    def inner() -> str:
        calls.append("inner")
        return "seen"

    def outer() -> str:
        guard.handle(status, inner)
        calls.append("outer")
        return "stored"

    assert [guard.handle(message, outer) for _ in range(2)] == ["stored", "stored"]
    assert guard.handle(status, inner) == "seen"
    assert calls == ["inner", "outer"]


def test_concurrent_events_release_their_own_claims(guard: IdempotencyGuard, message: TwilioWebhookPayload) -> None:
    """A failure releases its own claim, whatever another thread has claimed meanwhile."""
    status = TwilioStatusCallback.from_pairs(status_parameters(MessageStatus="delivered"))
    begun, go_on = threading.Event(), threading.Event()

    def fails() -> str:
        begun.set()
        assert go_on.wait(10)
        raise MediaUnavailableError

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(guard.handle, message, fails)
        assert begun.wait(10)
        assert guard.handle(status, lambda: "seen") == "seen"
        go_on.set()
        with pytest.raises(MediaUnavailableError):
            first.result()
    assert guard.handle(message, lambda: "stored") == "stored"
