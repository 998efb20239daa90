"""A message is handled once, however often and however simultaneously it is delivered."""

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
    """Lambda's context, with a time that a test can set."""

    def __init__(self, milliseconds: int) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        """Give the time."""
        return self.milliseconds


class CrashError(BaseException):
    """The process is gone: nothing of the package sees it coming."""


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Make the table in memory, as the stack has it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    # DynamoDB checks the condition and writes in one step; moto does so only while nobody else writes.
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
def once(table: Any) -> IdempotencyGuard:
    """Make what does things once, with that table."""
    from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

    settings = IdempotencySettings(table_name=TABLE, region=REGION)
    return IdempotencyGuard(settings, store=DynamoDBPersistenceLayer(TABLE, boto3_client=table))


@pytest.fixture
def message() -> TwilioWebhookPayload:
    """Make a message that is full of personal data."""
    return TwilioWebhookPayload.from_pairs(
        message_parameters(From="whatsapp:+61412345678", Body="call my wife", ProfileName="Zebedee")
    )


def items(table: Any) -> list[dict[str, Any]]:
    """Give what stands in the table."""
    found: list[dict[str, Any]] = table.scan(TableName=TABLE)["Items"]
    return found


def counted(outcome: str | None = "stored") -> tuple[list[int], Callable[[], str | None]]:
    """Make work that counts how often it is done."""
    done: list[int] = []

    def work() -> str | None:
        done.append(1)
        return outcome

    return done, work


@pytest.mark.parametrize("outcome", ["stored", None])
def test_a_message_is_handled_once(once: IdempotencyGuard, message: TwilioWebhookPayload, outcome: str | None) -> None:
    """The second delivery does nothing and gets the outcome of the first."""
    done, work = counted(outcome)
    assert [once.handle(message, work, context=Context(10_000)) for _ in range(3)] == [outcome] * 3
    assert len(done) == 1


def test_fifty_deliveries_at_once_are_one(once: IdempotencyGuard, message: TwilioWebhookPayload) -> None:
    """One of fifty does the work; the others are told to come again, or get its outcome."""
    everybody, done = threading.Barrier(50), []

    def work() -> str:
        done.append(threading.get_ident())
        return "stored"

    def deliver(_: int) -> str | None:
        everybody.wait()
        try:
            return once.handle(message, work, context=Context(10_000))
        except ServiceUnavailableError as error:
            return str(error.context["reason"])

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(deliver, range(50)))
    assert len(done) == 1
    assert "stored" in answers
    assert set(answers) <= {"stored", "in_progress"}
    assert once.handle(message, work, context=Context(10_000)) == "stored"
    assert len(done) == 1


def test_a_delivery_during_the_work_is_told_to_come_again(
    once: IdempotencyGuard, message: TwilioWebhookPayload
) -> None:
    """With a 503, so that Twilio does, and without a second piece of work."""
    done, work = counted()

    def outer() -> str:
        with pytest.raises(ServiceUnavailableError, match="another delivery") as caught:
            once.handle(message, work, context=Context(10_000))
        assert caught.value.status == 503
        assert caught.value.retryable
        return "stored"

    assert once.handle(message, outer, context=Context(10_000)) == "stored"
    assert done == []


def test_an_error_gives_the_claim_back(once: IdempotencyGuard, table: Any, message: TwilioWebhookPayload) -> None:
    """The error comes through as it is, and the next delivery does the work."""

    def fail() -> str:
        raise MediaUnavailableError("later")

    with pytest.raises(MediaUnavailableError, match="later"):
        once.handle(message, fail, context=Context(10_000))
    assert items(table) == []
    done, work = counted()
    assert once.handle(message, work, context=Context(10_000)) == "stored"
    assert len(done) == 1


def until_free(deliver: Callable[[], str | None]) -> str | None:
    """Deliver again until the claim is free, which it is from the next millisecond on."""
    for _ in range(1000):
        try:
            return deliver()
        except ServiceUnavailableError:
            continue
    pytest.fail("the claim is never given back")


def crash() -> str:
    """End the process, as far as the package can tell."""
    raise CrashError


@pytest.mark.parametrize("source", ["context", "deadline"])
def test_a_crash_is_taken_up_by_the_next_delivery(
    once: IdempotencyGuard, table: Any, message: TwilioWebhookPayload, source: str
) -> None:
    """As soon as the time is over that the crashed invocation had, and not before."""
    done, work = counted()
    for left, taken_up in ((60.0, False), (0.0, True)):
        for item in items(table):
            table.delete_item(TableName=TABLE, Key={"id": item["id"]})
        context = Context(int(left * 1000)) if source == "context" else None
        with use_deadline(Deadline(left)), pytest.raises(CrashError):
            once.handle(message, crash, context=context)
        assert [item["status"]["S"] for item in items(table)] == ["INPROGRESS"]
        if taken_up:
            assert until_free(lambda: once.handle(message, work, context=Context(10_000))) == "stored"
        else:
            with pytest.raises(ServiceUnavailableError):
                once.handle(message, work, context=Context(10_000))
    assert len(done) == 1


def test_a_crash_without_any_deadline_is_taken_up_too(
    table: Any, once: IdempotencyGuard, message: TwilioWebhookPayload
) -> None:
    """The settings' own time counts then: no claim is held for ever."""
    with pytest.raises(CrashError):
        once.handle(message, crash)
    (item,) = items(table)
    assert int(item["in_progress_expiration"]["N"]) > 0


def test_each_status_is_a_thing_of_its_own(once: IdempotencyGuard) -> None:
    """A callback is done once for each status, and never mixed up with the message."""
    sid = new_sid("SM")
    done, work = counted()
    things: list[TwilioStatusCallback | TwilioWebhookPayload] = [
        *(
            TwilioStatusCallback.from_pairs(status_parameters(status, MessageSid=sid))
            for status in ("sent", "delivered", "sent")
        ),
        TwilioWebhookPayload.from_pairs(message_parameters(MessageSid=sid)),
    ]
    for thing in things:
        once.handle(thing, work, context=Context(10_000))
    assert len(done) == 3


def test_the_table_holds_no_personal_data(once: IdempotencyGuard, table: Any, message: TwilioWebhookPayload) -> None:
    """Keys are hashed, and of the message nothing but the outcome's name is kept."""
    assert once.handle(message, lambda: "stored", context=Context(10_000)) == "stored"
    (item,) = items(table)
    assert set(item) <= {"id", "status", "expiration", "in_progress_expiration", "data"}
    assert item["data"]["S"] == '"stored"'
    written = json.dumps(item)
    for text in ("61412345678", "Zebedee", "wife", message.message_sid):
        assert text not in written


@pytest.mark.parametrize("outcome", ["Thank you, Zebedee", "+61412345678", "61412345678", "Zebedee", "a" * 65, ""])
def test_an_outcome_is_a_name_and_no_text(
    once: IdempotencyGuard, table: Any, message: TwilioWebhookPayload, outcome: str
) -> None:
    """A reply that could hold personal data is refused, not stored, and not repeated in the error."""
    with pytest.raises(TypeError, match="name of its outcome") as caught:
        once.handle(message, lambda: outcome, context=Context(10_000))
    assert "Zebedee" not in str(caught.value)
    assert items(table) == []


def test_without_its_table_nothing_is_done(table: Any, once: IdempotencyGuard, message: TwilioWebhookPayload) -> None:
    """An outage of the table is an outage, and the work is not begun."""
    table.delete_table(TableName=TABLE)
    done, work = counted()
    with pytest.raises(ServiceUnavailableError, match="idempotency table") as caught:
        once.handle(message, work, context=Context(10_000))
    assert caught.value.service == "idempotency"
    assert done == []


def test_a_handler_needs_no_object(table: Any, message: TwilioWebhookPayload, monkeypatch: pytest.MonkeyPatch) -> None:
    """`handle_once` takes the table from the environment, and names the variable where there is none."""
    from ai_voice_shared.resilience import idempotency

    monkeypatch.setattr(idempotency, "_shared_guard", IdempotencyGuard())
    monkeypatch.delenv("IDEMPOTENCY_TABLE_NAME", raising=False)
    with pytest.raises(MissingSettingError, match="IDEMPOTENCY_TABLE_NAME"):
        handle_once(message, lambda: "stored")
    monkeypatch.setenv("IDEMPOTENCY_TABLE_NAME", TABLE)
    monkeypatch.setenv("AWS_REGION", REGION)
    assert [handle_once(message, lambda: "stored", context=Context(5000)) for _ in range(2)] == ["stored"] * 2
    assert len(items(table)) == 1


def test_work_may_do_something_else_once(once: IdempotencyGuard, message: TwilioWebhookPayload) -> None:
    """Powertools keeps the prefix of a key on the store: the last one to begin would give it to all that end."""
    status = TwilioStatusCallback.from_pairs(status_parameters(MessageStatus="delivered"))
    done: list[str] = []

    def inner() -> str:
        done.append("inner")
        return "seen"

    def outer() -> str:
        once.handle(status, inner)
        done.append("outer")
        return "stored"

    assert [once.handle(message, outer) for _ in range(2)] == ["stored", "stored"]
    assert once.handle(status, inner) == "seen"
    assert done == ["inner", "outer"]


def test_two_kinds_at_once_keep_their_keys(once: IdempotencyGuard, message: TwilioWebhookPayload) -> None:
    """A failure gives back its own claim, whatever another thread has begun meanwhile."""
    status = TwilioStatusCallback.from_pairs(status_parameters(MessageStatus="delivered"))
    begun, go_on = threading.Event(), threading.Event()

    def fails() -> str:
        begun.set()
        assert go_on.wait(10)
        raise MediaUnavailableError

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(once.handle, message, fails)
        assert begun.wait(10)
        assert once.handle(status, lambda: "seen") == "seen"
        go_on.set()
        with pytest.raises(MediaUnavailableError):
            first.result()
    assert once.handle(message, lambda: "stored") == "stored"
