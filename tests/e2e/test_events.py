"""Events on the emulator's EventBridge, from the publisher to the consumer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config

from ai_voice_shared.domain.events import (
    DomainEvent,
    VoiceNoteParsedEvent,
    create_subject_created_event,
    create_voice_note_parsed_event,
)
from ai_voice_shared.events import (
    AsyncEventPublisher,
    DynamoDBOutbox,
    EventPublisher,
    S3ClaimCheckStore,
    SQSDeadLetterQueue,
    parse_event,
    redrive,
    relay_pending,
)
from ai_voice_shared.settings.events import EventSettings
from tests.support.local_aws import LocalAWS
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

BUS = "voice"


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAWS]:
    """Run a local AWS with a bus, a bucket and a table."""
    with LocalAWS() as aws:
        aws.client("events").create_event_bus(Name=BUS)
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="big-events", CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
        aws.client("dynamodb").create_table(
            TableName="voice",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield aws


class Listener:
    """A queue that receives the events of one type."""

    def __init__(self, aws: LocalAWS, name: str, event_type: str) -> None:
        self._sqs = aws.client("sqs")
        self.url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events = aws.client("events")
        events.put_rule(Name=name, EventBusName=BUS, EventPattern=json.dumps({"detail-type": [event_type]}))
        events.put_targets(Rule=name, EventBusName=BUS, Targets=[{"Id": "queue", "Arn": arn}])

    def records(self, count: int) -> list[dict[str, Any]]:
        """Wait for a number of events, as Lambda would receive them from the queue."""
        found: list[dict[str, Any]] = []

        def enough() -> bool:
            for message in self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", ()):
                found.append({"messageId": message["MessageId"], "body": message["Body"]})
                self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            return len(found) >= count

        wait_for(enough, what=f"{count} events in {self.url}")
        return found


def publisher_for(aws: LocalAWS, *, bus: str = BUS, **parts: Any) -> EventPublisher:
    """Create a publisher for the emulator."""
    settings = EventSettings(bus_name=bus, source="voice-parser", retry_delay=0.01)
    return EventPublisher(settings, client=aws.client("events"), **parts)


def test_a_parsed_voice_note_is_published(aws: LocalAWS) -> None:
    """A rule delivers the event to its queue, and the consumer parses it with the model that created it."""
    listener = Listener(aws, "parsed", "voice_note.parsed")
    events = [create_voice_note_parsed_event(bucket="notes", key=f"{number}.ogg") for number in range(12)]
    result = publisher_for(aws).publish_many(events)
    assert result.ok
    read = [parse_event(record) for record in listener.records(12)]
    assert {event.event_id for event in read} == {event.event_id for event in events}
    assert {type(event) for event in read} == {VoiceNoteParsedEvent}
    assert {event.source for event in read} == {"voice-parser"}


@pytest.mark.anyio
async def test_a_large_event_reads_its_data_from_the_bucket(aws: LocalAWS, anyio_backend_name: str) -> None:
    """For a large event the bus carries the claim-check reference and the bucket the data."""
    listener = Listener(aws, f"large-{anyio_backend_name}", "subject.created")
    store = S3ClaimCheckStore("big-events", client=aws.client("s3"))
    event = create_subject_created_event(subject_id="1", subject_data={"text": "é" * 200_000})
    result = await AsyncEventPublisher(publisher=publisher_for(aws, claim_checks=store)).publish(event)
    assert result.ok
    (record,) = listener.records(1)
    assert len(record["body"]) < 2_000
    assert parse_event(record, claim_checks=store).data == event.data


def test_the_outbox_reaches_the_bus(aws: LocalAWS) -> None:
    """The relay sends an event that was written with its item, once."""
    listener = Listener(aws, "outbox", "subject.waited")
    outbox = DynamoDBOutbox("voice", source="subjects", client=aws.client("dynamodb"))
    event = DomainEvent(event_type="subject.waited", data={"subject_id": "1"})
    item = {"Put": {"TableName": "voice", "Item": {"pk": {"S": "subject#1"}, "sk": {"S": "subject"}}}}
    outbox.write([item], [event])
    assert len(relay_pending(outbox, publisher_for(aws)).published) == 1
    assert relay_pending(outbox, publisher_for(aws)).outcomes == ()
    (record,) = listener.records(1)
    assert parse_event(record).event_id == event.event_id


def test_an_event_that_the_bus_refused_is_sent_later(aws: LocalAWS) -> None:
    """An event for an unreachable bus waits in the queue, and is sent from there when the bus is back."""
    listener = Listener(aws, "late", "subject.late")
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    away = aws.session().client(
        "events", endpoint_url="http://127.0.0.1:1", config=Config(retries={"total_max_attempts": 1})
    )
    settings = EventSettings(source="subjects", retry_delay=0.01, max_attempts=2)
    publisher = EventPublisher(settings, client=away, dead_letters=SQSDeadLetterQueue(url, client=sqs))
    event = DomainEvent(event_type="subject.late", data={"subject_id": "1"})
    assert len(publisher.publish(event).dead_lettered) == 1
    messages = sqs.receive_message(QueueUrl=url)["Messages"]
    records = {"Records": [{"messageId": message["MessageId"], "body": message["Body"]} for message in messages]}
    assert redrive(records, publisher_for(aws)) == {"batchItemFailures": []}
    assert parse_event(listener.records(1)[0]).event_id == event.event_id
