"""Events: created, published to a real bus, too large, refused, stored, sent again, and read by a consumer."""

from __future__ import annotations

from typing import Any

from .registry import checks_usage
from .storage import new_bucket
from .tables import new_bus, new_queue, new_table

__all__: list[str] = []


@checks_usage(
    "DomainEvent",
    "EventPublisher",
    "domain.events.base.EventData",
    "domain.events.event_from_dict",
    "events.CallCompletedEvent",
    "events.CallFailedEvent",
    "events.CallStartedEvent",
    "domain.events.CallCompletedData",
    "domain.events.CallFailedData",
    "domain.events.CallStartedData",
    "domain.events.SubjectCreatedData",
    "domain.events.SubjectCreatedEvent",
    "domain.events.SubjectDeletedData",
    "domain.events.SubjectDeletedEvent",
    "domain.events.SubjectUpdatedData",
    "domain.events.SubjectUpdatedEvent",
    "domain.events.VoiceNoteParsedData",
    "domain.events.VoiceNoteParsedEvent",
    "events.create_call_completed_event",
    "events.create_call_failed_event",
    "events.create_call_started_event",
    "events.create_subject_created_event",
    "events.create_subject_deleted_event",
    "events.create_subject_updated_event",
    "events.create_voice_note_parsed_event",
    "events.EventOutcome",
    "events.PublishResult",
    "events.entries.Entry",
    "events.entries.batch_entries",
    "parse_event",
)
def every_event_goes_over_the_bus() -> None:
    """Each event is created, published, delivered, and parsed as the same event."""
    from ai_voice_shared import EventPublisher, events, parse_event
    from ai_voice_shared.domain.events import event_from_dict
    from ai_voice_shared.settings import EventSettings

    bus = new_bus()
    made: list[Any] = [
        events.create_call_started_event(call_id="c1", correlation_id="order-7"),
        events.create_call_completed_event(call_id="c1", duration_seconds=3.5),
        events.create_call_failed_event(call_id="c2", reason="busy"),
        events.create_subject_created_event(subject_id="s1", subject_data={"name": "Math"}),
        events.create_subject_updated_event(subject_id="s1", changes={"name": "Maths"}),
        events.create_subject_deleted_event(subject_id="s1"),
        events.create_voice_note_parsed_event(bucket="notes", key="a.ogg", duration_seconds=2),
    ]
    result = EventPublisher(EventSettings(bus_name=bus.name, source="usage-check")).publish_many(made)
    assert result.ok
    assert [outcome.status for outcome in result.outcomes] == ["published"] * len(made)
    read = [parse_event(delivered) for delivered in bus.delivered(len(made))]
    assert {event.event_id: type(event) for event in read} == {event.event_id: type(event) for event in made}
    assert {event.source for event in read} == {"usage-check"}
    for event in made:
        assert event_from_dict(event.model_dump(mode="json")) == event
        assert type(event)(data=type(event.data)(**event.data.model_dump())).data == event.data


@checks_usage("AsyncEventPublisher")
def the_documents_call_of_the_publisher() -> None:
    """`await event_publisher.publish(event, soft_fail=True)`, with the settings of the environment."""
    import os

    import anyio

    from ai_voice_shared.events import AsyncEventPublisher, create_subject_created_event

    bus = new_bus()
    os.environ |= {"EVENTS_BUS_NAME": bus.name, "POWERTOOLS_SERVICE_NAME": "subjects"}

    async def publish() -> Any:
        event_publisher = AsyncEventPublisher()
        event = create_subject_created_event(subject_id="123", subject_data={"name": "Math"}, correlation_id="abc-123")
        return await event_publisher.publish(event, soft_fail=True)

    assert anyio.run(publish).ok
    assert bus.delivered(1)[0]["detail"]["correlation_id"] == "abc-123"


@checks_usage("events.S3ClaimCheckStore", "events.claim_check.create_claim_check_store")
def a_large_event_is_fetched_where_it_waits() -> None:
    """The bus carries a claim-check reference; the consumer loads the data."""
    from ai_voice_shared import EventPublisher, parse_event
    from ai_voice_shared.events import S3ClaimCheckStore, create_subject_created_event
    from ai_voice_shared.events.claim_check import create_claim_check_store
    from ai_voice_shared.settings import EventSettings

    bus, bucket = new_bus(), new_bucket()
    settings = EventSettings(bus_name=bus.name, source="subjects", claim_check_bucket=bucket, max_entry_bytes=1024)
    store = create_claim_check_store(settings)
    assert isinstance(store, S3ClaimCheckStore)
    assert create_claim_check_store(EventSettings()) is None
    event = create_subject_created_event(subject_id="1", subject_data={"text": "long" * 1000})
    assert EventPublisher(settings).publish(event).ok
    (delivered,) = bus.delivered(1)
    assert "data" not in delivered["detail"]
    read: Any = parse_event(delivered, claim_checks=store)
    assert read.data == event.data


@checks_usage("events.SQSDeadLetterQueue", "events.dead_letter.create_dead_letter_queue", "events.redrive")
def refused_events_are_stored_and_sent_again() -> None:
    """A missing bus loses nothing: the queue stores the event, and `redrive` publishes it."""
    import boto3

    from ai_voice_shared import EventPublisher
    from ai_voice_shared.events import SQSDeadLetterQueue, create_subject_deleted_event, redrive
    from ai_voice_shared.events.dead_letter import create_dead_letter_queue
    from ai_voice_shared.settings import EventSettings

    class Refusing:
        def put_events(self, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803 - boto3's name
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "NotAuthorized", "ErrorMessage": "no"}]}

    queue = new_queue()
    settings = EventSettings(source="subjects", dead_letter_queue_url=queue, max_attempts=1)
    assert isinstance(create_dead_letter_queue(settings), SQSDeadLetterQueue)
    event = create_subject_deleted_event(subject_id="1")
    (outcome,) = EventPublisher(settings, client=Refusing()).publish(event).outcomes
    assert outcome.status == "dead_lettered"
    (message,) = boto3.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    bus = new_bus()
    records = {"Records": [{"messageId": "m1", "body": message["Body"]}, {"messageId": "m2", "body": "no event"}]}
    response = redrive(records, EventPublisher(EventSettings(bus_name=bus.name)))
    assert response == {"batchItemFailures": [{"itemIdentifier": "m2"}]}
    assert bus.delivered(1)[0]["detail"]["event_id"] == event.event_id


@checks_usage("events.DynamoDBOutbox", "events.outbox.OutboxRecord", "events.relay_pending", "events.relay_stream")
def an_event_is_written_with_what_it_tells_of() -> None:
    """An event is written in a transaction; a schedule or the table's stream sends and deletes it."""
    from ai_voice_shared import EventPublisher
    from ai_voice_shared.events import DynamoDBOutbox, create_subject_deleted_event, relay_pending, relay_stream
    from ai_voice_shared.events.outbox import OutboxRecord
    from ai_voice_shared.settings import EventSettings

    table, bus = new_table("pk", "sk"), new_bus()
    outbox = DynamoDBOutbox(table, source="subjects")
    publisher = EventPublisher(EventSettings(bus_name=bus.name))
    item = {"Put": {"TableName": table, "Item": {"pk": {"S": "s1"}, "sk": {"S": "subject"}}}}
    event = create_subject_deleted_event(subject_id="s1")
    outbox.write([item], [event])
    (record,) = outbox.pending()
    assert isinstance(record, OutboxRecord)
    assert record.entry.event_id == event.event_id
    assert relay_pending(outbox, publisher).ok
    assert outbox.pending() == []
    (change,) = outbox.transact_items([create_subject_deleted_event(subject_id="s2")])
    image = change["Put"]["Item"]
    records = [{"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": image}}]
    assert relay_stream({"Records": records}, outbox, publisher) == {"batchItemFailures": []}
    assert {event["detail"]["data"]["subject_id"] for event in bus.delivered(2)} == {"s1", "s2"}
