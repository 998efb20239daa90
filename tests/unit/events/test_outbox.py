"""The outbox, its relays, and the redrive of the dead-letter queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from ai_voice_shared.domain.events import create_subject_created_event
from ai_voice_shared.errors import (
    ConfigurationError,
    ConflictError,
    MissingSettingError,
    PayloadTooLargeError,
    ServiceUnavailableError,
)
from ai_voice_shared.events import (
    DynamoDBOutbox,
    EventPublisher,
    Outbox,
    S3ClaimCheckStore,
    parse_event,
    redrive,
    relay_pending,
    relay_stream,
)
from ai_voice_shared.settings.events import EventSettings

if TYPE_CHECKING:
    from ai_voice_shared.domain.events import SubjectCreatedEvent
    from tests.unit.events.conftest import Bus, Endpoint

pytestmark = pytest.mark.unit

TABLE = "voice"


def subject(number: int = 1, **data: Any) -> SubjectCreatedEvent:
    """Create an event."""
    return create_subject_created_event(subject_id=str(number), subject_data=data)


def put(key: str, **extra: Any) -> dict[str, Any]:
    """Create the caller's own item of a transaction."""
    return {"Put": {"TableName": TABLE, "Item": {"pk": {"S": key}, "sk": {"S": "subject"}}, **extra}}


@pytest.fixture
def table(aws: None) -> Any:
    """Create a table with a stream."""
    client = boto3.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return client


@pytest.fixture
def outbox(table: Any) -> DynamoDBOutbox:
    """Create the outbox of the table."""
    return DynamoDBOutbox(TABLE, source="subjects", region="eu-central-1")


@pytest.fixture
def publisher(bus: Bus) -> EventPublisher:
    """Create a publisher for the bus in memory."""
    return EventPublisher(EventSettings(bus_name=bus.name, region="eu-central-1"))


class ScriptedClient:
    """A client that returns the endpoint's scripted responses."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        """Return the next scripted response."""
        return self.endpoint.respond(Entries)[1]


@pytest.fixture
def faulty(endpoint: Endpoint) -> EventPublisher:
    """Create a publisher that makes one attempt and fails as scripted."""
    return EventPublisher(EventSettings(max_attempts=1), client=ScriptedClient(endpoint), sleep=lambda _: None)


def ids(outbox: DynamoDBOutbox) -> list[str]:
    """Return the ids of the pending events."""
    return [record.entry.event_id for record in outbox.pending()]


def test_events_are_written_with_the_item_they_describe(table: Any, outbox: DynamoDBOutbox) -> None:
    """A write stores the item together with its events, in order."""
    events = [subject(1), subject(2)]
    outbox.write([put("s1")], events)
    assert "Item" in table.get_item(TableName=TABLE, Key={"pk": {"S": "s1"}, "sk": {"S": "subject"}})
    assert ids(outbox) == [event.event_id for event in events]
    assert isinstance(outbox, Outbox)


def test_a_failed_transaction_stores_no_event(table: Any, outbox: DynamoDBOutbox) -> None:
    """A failed condition leaves neither the item nor the event."""
    outbox.write([put("s1")], [])
    with pytest.raises(ConflictError) as caught:
        outbox.write([put("s1", ConditionExpression="attribute_not_exists(pk)")], [subject()])
    assert caught.value.context["reasons"][0] == "ConditionalCheckFailed"
    assert ids(outbox) == []


def test_an_own_transaction_may_take_the_items(table: Any, outbox: DynamoDBOutbox) -> None:
    """A caller can add the outbox items to its own transaction."""
    event = subject()
    table.transact_write_items(TransactItems=[put("s1"), *outbox.transact_items([event])])
    assert ids(outbox) == [event.event_id]


def test_a_transaction_is_limited_to_100_items(outbox: DynamoDBOutbox) -> None:
    """An oversized transaction is refused before it is sent, and an empty one is not sent."""
    with pytest.raises(PayloadTooLargeError, match="at most 100 items, not 101"):
        outbox.write([], [subject(number) for number in range(101)])
    outbox.write([], [])
    assert ids(outbox) == []


def test_the_data_of_a_large_event_is_offloaded(outbox: DynamoDBOutbox) -> None:
    """A large event's data is offloaded before the transaction, and refused without a store."""
    event = subject(text="x" * 262_144)
    with pytest.raises(PayloadTooLargeError, match="claim_checks="):
        outbox.transact_items([event])
    boto3.client("s3").create_bucket(Bucket="big", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    store = S3ClaimCheckStore("big", region="eu-central-1")
    with_store = DynamoDBOutbox(TABLE, source="subjects", region="eu-central-1", claim_checks=store)
    with_store.write([], [event])
    (record,) = with_store.pending()
    assert parse_event({"body": record.entry.detail}, claim_checks=store).data == event.data


def test_the_outbox_of_the_environment(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment variables configure the outbox; a missing table raises an error that names its variable."""
    monkeypatch.delenv("EVENTS_OUTBOX_TABLE", raising=False)
    with pytest.raises(MissingSettingError, match="EVENTS_OUTBOX_TABLE"):
        DynamoDBOutbox.from_settings()
    monkeypatch.setenv("EVENTS_OUTBOX_TABLE", TABLE)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "subjects")
    outbox = DynamoDBOutbox.from_settings()
    event = subject()
    outbox.write([], [event])
    assert [(record.entry.event_id, record.entry.source) for record in outbox.pending()] == [
        (event.event_id, "subjects")
    ]


def test_the_poller_publishes_and_removes_events(bus: Bus, outbox: DynamoDBOutbox, publisher: EventPublisher) -> None:
    """The poller publishes pending events up to its limit and removes them from the outbox."""
    events = [subject(number) for number in range(30)]
    outbox.write([], events)
    assert len(relay_pending(outbox, publisher, limit=28).published) == 28
    assert ids(outbox) == [event.event_id for event in events[28:]]
    assert relay_pending(outbox, publisher).ok
    assert ids(outbox) == []
    assert len(bus.delivered()) == 30


def test_the_poller_leaves_failed_events(outbox: DynamoDBOutbox, endpoint: Endpoint, faulty: EventPublisher) -> None:
    """An event that the poller failed to publish stays in the outbox."""
    events = [subject(1), subject(2)]
    outbox.write([], events)
    endpoint.responses = [[None, "InternalFailure"]]
    assert len(relay_pending(outbox, faulty).failed) == 1
    assert ids(outbox) == [events[1].event_id]


def stream(table: Any) -> dict[str, Any]:
    """Return the records of the table's stream in the form of a Lambda event."""
    streams = boto3.client("dynamodbstreams")
    arn = table.describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return {"Records": streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]}


def test_the_stream_relay_publishes_and_removes_events(
    table: Any, bus: Bus, outbox: DynamoDBOutbox, publisher: EventPublisher
) -> None:
    """The stream relay publishes new items of its own outbox only, and ignores removals."""
    events = [subject(1), subject(2)]
    outbox.write([put("s1")], events)
    DynamoDBOutbox(TABLE, source="s", name="other", client=table).write([], [subject(3)])
    assert relay_stream(stream(table), outbox, publisher) == {"batchItemFailures": []}
    assert sorted(parse_event(delivered).event_id for delivered in bus.delivered()) == sorted(
        event.event_id for event in events
    )
    assert ids(outbox) == []
    removals = {"Records": stream(table)["Records"][-2:]}
    assert [record["eventName"] for record in removals["Records"]] == ["REMOVE", "REMOVE"]
    assert relay_stream(removals, outbox, publisher) == {"batchItemFailures": []}
    assert bus.delivered() == []


def test_the_stream_is_read_again_from_the_first_failure(
    table: Any, outbox: DynamoDBOutbox, endpoint: Endpoint, faulty: EventPublisher
) -> None:
    """The stream relay reports the first record that failed, and removes the published events."""
    events = [subject(number) for number in range(3)]
    outbox.write([], events)
    changes = stream(table)
    endpoint.responses = [[None, "InternalFailure", None]]
    failed = changes["Records"][1]["dynamodb"]["SequenceNumber"]
    assert relay_stream(changes, outbox, faulty) == {"batchItemFailures": [{"itemIdentifier": failed}]}
    assert ids(outbox) == [events[1].event_id]


def test_a_table_that_is_missing_and_one_that_cannot_be_reached(aws: None) -> None:
    """A missing table is a configuration error; an unreachable one is a retryable outage."""
    with pytest.raises(ConfigurationError, match="ResourceNotFoundException") as caught:
        DynamoDBOutbox("nowhere", region="eu-central-1").pending()
    assert not caught.value.retryable
    client = boto3.client(
        "dynamodb", endpoint_url="http://127.0.0.1:1", config=Config(retries={"total_max_attempts": 1})
    )
    with pytest.raises(ServiceUnavailableError):
        DynamoDBOutbox("nowhere", client=client).pending()


def test_two_events_of_one_instant_are_both_stored(outbox: DynamoDBOutbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event's id in the key separates events of the same instant."""
    monkeypatch.setattr("ai_voice_shared.events.outbox.time.time_ns", lambda: 1)
    events = [subject(1), subject(2)]
    outbox.write([], events)
    assert sorted(ids(outbox)) == sorted(event.event_id for event in events)


def sqs_event(bodies: list[str]) -> dict[str, Any]:
    """Create the Lambda event of an SQS queue."""
    return {"Records": [{"messageId": f"m{index}", "body": body} for index, body in enumerate(bodies)]}


def test_dead_lettered_events_are_redriven(bus: Bus, publisher: EventPublisher) -> None:
    """Redrive publishes a dead-lettered event unchanged."""
    event = subject().model_copy(update={"source": "subjects"})
    assert redrive(sqs_event([event.model_dump_json()]), publisher) == {"batchItemFailures": []}
    assert parse_event(bus.delivered()[0]) == event


def test_what_fails_again_stays_in_the_queue(endpoint: Endpoint, faulty: EventPublisher) -> None:
    """Redrive reports failed and invalid messages for redelivery and dead-letters nothing a second time."""
    endpoint.responses = [[None, "InternalFailure"]]
    bodies = [subject(number).model_copy(update={"source": "s"}).model_dump_json() for number in range(2)]
    result = redrive(sqs_event([bodies[0], "foreign", bodies[1]]), faulty)
    assert sorted(failure["itemIdentifier"] for failure in result["batchItemFailures"]) == ["m1", "m2"]


@pytest.mark.parametrize("item", [{"detail": {"S": "{"}}, {"detail": {"S": "{}"}}, {"detail": {"N": "1"}}, {}])
def test_an_invalid_item_does_not_block_the_others(
    table: Any, outbox: DynamoDBOutbox, publisher: EventPublisher, bus: Bus, item: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """An invalid item stays in the outbox, is logged, and does not block other events."""
    broken = {"pk": {"S": "outbox#events"}, "sk": {"S": "0"}, **item}
    table.put_item(TableName=TABLE, Item=broken)
    event = subject()
    outbox.write([], [event])
    image = {"eventName": "INSERT", "dynamodb": {"NewImage": broken, "SequenceNumber": "1"}}
    assert relay_stream({"Records": [image]}, outbox, publisher) == {"batchItemFailures": []}
    assert [outcome.event_id for outcome in relay_pending(outbox, publisher, limit=1).published] == [event.event_id]
    assert outbox.pending() == []
    assert [stored["sk"]["S"] for stored in table.scan(TableName=TABLE)["Items"]] == ["0"]
    assert "invalid item in the outbox" in caplog.text
    assert len(bus.delivered()) == 1
