"""The event publisher."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from ai_voice_shared.domain.events import DomainEvent, create_subject_created_event
from ai_voice_shared.errors import EventPublishError, InvalidPayloadError, S3Error
from ai_voice_shared.events import (
    AsyncEventPublisher,
    EventPublisher,
    S3ClaimCheckStore,
    SQSDeadLetterQueue,
    parse_event,
)
from ai_voice_shared.events import publisher as publisher_module
from ai_voice_shared.events.entries import Entry
from ai_voice_shared.observability import use_correlation_id
from ai_voice_shared.resilience import Deadline, use_deadline
from ai_voice_shared.settings.events import EventSettings
from tests.support.faulty_s3 import BUCKET, Fault, FaultyS3

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.events.conftest import Bus, Endpoint

pytestmark = pytest.mark.unit


def subject(number: int = 1, **data: Any) -> DomainEvent[Any]:
    """Create an event."""
    return create_subject_created_event(subject_id=str(number), subject_data={"name": "Math", **data})


def settings_for(bus: Bus, **values: Any) -> EventSettings:
    """Create settings for the bus in memory."""
    return EventSettings(bus_name=bus.name, source="subjects", region="eu-central-1", **values)


class InMemoryQueue:
    """A dead-letter queue in memory."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[tuple[str, str]] = []
        self.error = error

    def send(self, entry: Entry, error_code: str) -> None:
        """Store the entry, or raise the configured error."""
        if self.error:
            raise self.error
        self.sent.append((entry.event_id, error_code))


@pytest.fixture
def faulty(endpoint: Endpoint) -> Callable[..., EventPublisher]:
    """Return a factory of publishers for the endpoint that do not wait between attempts."""

    def create(**options: Any) -> EventPublisher:
        settings = EventSettings(source="subjects", **options.pop("settings", {}))
        return EventPublisher(settings, client=endpoint.client(), sleep=lambda _: None, **options)

    return create


def test_an_event_is_published_and_parsed_by_its_consumer(bus: Bus) -> None:
    """A consumer parses the published event back, with source and correlation id set."""
    event = subject()
    with use_correlation_id("abc-123"):
        result = EventPublisher(settings_for(bus)).publish(event)
    assert result.ok
    (delivered,) = bus.delivered()
    assert (delivered["source"], delivered["detail-type"]) == ("subjects", "subject.created")
    assert result.published[0].eventbridge_id
    parsed = parse_event(delivered)
    assert type(parsed) is type(event)
    assert parsed == event.model_copy(update={"source": "subjects", "correlation_id": "abc-123"})


def test_many_events_go_in_batches(bus: Bus) -> None:
    """More than ten events are sent in several requests, in order."""
    events = [subject(number) for number in range(23)]
    result = EventPublisher(settings_for(bus)).publish_many(events)
    assert [outcome.event_id for outcome in result.published] == [event.event_id for event in events]
    assert sorted(parse_event(delivered).event_id for delivered in bus.delivered()) == sorted(
        event.event_id for event in events
    )


def test_an_empty_list_sends_nothing(endpoint: Endpoint, faulty: Callable[..., EventPublisher]) -> None:
    """Publishing an empty list makes no request."""
    assert faulty().publish_many([]).ok
    assert endpoint.requests == []


def test_only_failed_entries_are_retried(endpoint: Endpoint, faulty: Callable[..., EventPublisher]) -> None:
    """A partial failure is retried for the failed entries alone, until they succeed."""
    endpoint.responses = [[None, "InternalFailure", None, "ThrottlingException"], ["InternalFailure", None], [None]]
    events = [subject(number) for number in range(4)]
    result = faulty().publish_many(events)
    sent = [[entry["Detail"] for entry in request] for request in endpoint.requests]
    assert [len(request) for request in sent] == [4, 2, 1]
    assert sent[1] == [sent[0][1], sent[0][3]]
    assert sent[2] == [sent[0][1]]
    assert [outcome.attempts for outcome in result.published] == [1, 3, 1, 2]


def test_a_permanent_failure_is_not_retried(endpoint: Endpoint, faulty: Callable[..., EventPublisher]) -> None:
    """An entry that failed permanently is dead-lettered without a retry."""
    endpoint.responses = [["MalformedDetail", None]]
    result = faulty(dead_letters=InMemoryQueue()).publish_many([subject(1), subject(2)])
    assert len(endpoint.requests) == 1
    assert [outcome.status for outcome in result.outcomes] == ["dead_lettered", "published"]


@pytest.mark.parametrize(
    ("response", "requests"),
    [
        ((500, "InternalException"), 2),
        ((503, "ServiceUnavailable"), 2),
        ((400, "ThrottlingException"), 2),
        ((400, "AccessDeniedException"), 1),
        ((400, "ResourceNotFoundException"), 1),
    ],
)
def test_a_request_that_fails_as_a_whole(
    endpoint: Endpoint, faulty: Callable[..., EventPublisher], response: tuple[int, str], requests: int
) -> None:
    """A failed request is retried only where the failure is transient, and botocore adds no retries of its own."""
    endpoint.responses = [response]
    result = faulty().publish(subject(), soft_fail=True)
    assert len(endpoint.requests) == requests
    assert result.ok is (requests == 2)
    assert requests == 2 or result.failed[0].error_code == response[1]


def test_a_refused_connection_is_retried(endpoint: Endpoint) -> None:
    """A refused connection counts as a transient failure."""
    pauses: list[float] = []
    client = boto3.client(
        "events",
        region_name="eu-central-1",
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=endpoint.client().meta.config,
    )
    settings = EventSettings(source="s", max_attempts=3, retry_delay=0.1)
    result = EventPublisher(settings, client=client, sleep=pauses.append).publish(subject(), soft_fail=True)
    assert (result.failed[0].error_code, result.failed[0].attempts) == ("EndpointConnectionError", 3)
    assert len(pauses) == 2
    assert pauses[0] <= 0.1
    assert pauses[1] <= 0.2


def test_a_failure_raises_and_names_the_events(endpoint: Endpoint, faulty: Callable[..., EventPublisher]) -> None:
    """Without a dead-letter queue a failure raises an error with the ids of the events."""
    endpoint.responses = [["InternalFailure"]] * 4
    event = subject()
    with pytest.raises(EventPublishError, match=r"1 of 1 events .* \(InternalFailure\)") as caught:
        faulty().publish(event)
    assert caught.value.event_ids == [event.event_id]
    assert caught.value.retryable


def test_soft_fail_reports_and_logs_and_does_not_raise(
    endpoint: Endpoint, faulty: Callable[..., EventPublisher], caplog: pytest.LogCaptureFixture
) -> None:
    """With soft_fail the result and one log line report the event's id and error code, and none of its data."""
    endpoint.responses = [["InternalFailure"]] * 4
    event = subject(secret="Ann Lee")
    result = faulty().publish(event, soft_fail=True)
    assert not result.ok
    assert (result.failed[0].event_id, result.failed[0].error_code) == (event.event_id, "InternalFailure")
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert vars(record)["event_id"] == event.event_id
    assert "Ann" not in f"{[vars(line) for line in caplog.records]}"


def test_soft_fail_holds_for_a_bad_setup(monkeypatch: pytest.MonkeyPatch, endpoint: Endpoint) -> None:
    """With soft_fail no misconfiguration raises: no source, no region, a broken client, an invalid setting."""
    for name in ("EVENTS_SOURCE", "POWERTOOLS_SERVICE_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert EventPublisher().publish(subject(), soft_fail=True).failed[0].error_code == "missing_setting"
    regionless = EventPublisher(EventSettings(source="s")).publish(subject(), soft_fail=True)
    assert regionless.failed[0].error_code == "NoRegionError"
    broken = EventPublisher(EventSettings(source="s"), client=object()).publish(subject(), soft_fail=True)
    assert broken.failed[0].error_code == "AttributeError"
    monkeypatch.setenv("EVENTS_MAX_ATTEMPTS", "many")
    assert EventPublisher().publish(subject(), soft_fail=True).failed[0].error_code == "invalid_setting"


def test_one_invalid_event_does_not_block_the_others(endpoint: Endpoint, faulty: Callable[..., EventPublisher]) -> None:
    """With soft_fail the valid events are published in order; without it none is."""
    events = [subject(1), DomainEvent(event_type="a.b", data={"x": object()}), subject(2)]
    with pytest.raises(InvalidPayloadError):
        faulty().publish_many(events)
    assert endpoint.requests == []
    result = faulty().publish_many(events, soft_fail=True)
    assert [outcome.status for outcome in result.outcomes] == ["published", "failed", "published"]
    assert [outcome.event_id for outcome in result.outcomes] == [event.event_id for event in events]


def test_an_event_that_still_fails_is_dead_lettered(
    bus: Bus, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    """After the last attempt the event and its error code go to the queue of the settings, with a warning."""
    endpoint.responses = [["InternalFailure"]] * 4
    settings = EventSettings(source="subjects", region="eu-central-1", dead_letter_queue_url=bus.dead_letter_url)
    event = subject()
    with caplog.at_level(logging.WARNING):
        result = EventPublisher(settings, client=create_scripted_client(endpoint), sleep=lambda _: None).publish(event)
    assert (result.ok, len(result.dead_lettered), result.failed) == (False, 1, ())
    (message,) = bus.dead_letters()
    assert parse_event({"body": message["Body"]}).event_id == event.event_id
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes == {"EventType": "subject.created", "Source": "subjects", "ErrorCode": "InternalFailure"}
    assert "sent to the dead-letter queue" in caplog.text


def create_scripted_client(endpoint: Endpoint) -> Any:
    """Create a client that returns the endpoint's scripted responses while moto runs AWS in memory."""

    class Client:
        def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's name
            return endpoint.respond(Entries)[1]

    return Client()


def test_a_failing_dead_letter_queue_is_a_failure(endpoint: Endpoint, faulty: Callable[..., EventPublisher]) -> None:
    """An event that the dead-letter queue did not store is reported as failed."""
    endpoint.responses = [["InternalFailure"]] * 4
    with pytest.raises(EventPublishError):
        faulty(dead_letters=InMemoryQueue(OSError("no"))).publish(subject())


def test_a_fifo_queue_gets_group_and_id(bus: Bus) -> None:
    """A FIFO queue stores an event once, however often it is sent."""
    url = bus.sqs.create_queue(QueueName="dead-letters.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    queue = SQSDeadLetterQueue(url, region="eu-central-1")
    entry = Entry.from_event(subject(), source="subjects")
    queue.send(entry, "InternalFailure")
    queue.send(entry, "InternalFailure")
    count = bus.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert count["Attributes"]["ApproximateNumberOfMessages"] == "1"


def test_an_event_past_the_deadline_reaches_the_queue(bus: Bus) -> None:
    """An event past the deadline is dead-lettered within the time reserved at the end of the invocation."""
    url = bus.sqs.create_queue(QueueName="late")["QueueUrl"]
    with use_deadline(Deadline(0)):
        result = EventPublisher(settings_for(bus, dead_letter_queue_url=url)).publish(subject(), soft_fail=True)
    assert result.outcomes[0].error_code == "deadline_exceeded"
    count = bus.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert count["Attributes"]["ApproximateNumberOfMessages"] == "1"


def test_large_data_is_offloaded_to_the_bucket(bus: Bus) -> None:
    """An event above the size limit carries a claim-check reference, and its consumer gets the data."""
    boto3.client("s3").create_bucket(Bucket="big", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    event = subject(text="é" * 200_000)
    settings = settings_for(bus, claim_check_bucket="big")
    assert EventPublisher(settings).publish(event).ok
    (delivered,) = bus.delivered()
    assert "data" not in delivered["detail"]
    assert delivered["detail"]["claim_check"]["key"] == f"events/{event.event_id}.json"
    store = S3ClaimCheckStore("big", region="eu-central-1")
    assert parse_event(delivered, claim_checks=store).data == event.data


def test_large_data_without_a_bucket_is_a_failure(endpoint: Endpoint, faulty: Callable[..., EventPublisher]) -> None:
    """An oversized event without a bucket is not sent, so that it does not fail the request of the others."""
    result = faulty().publish_many([subject(text="x" * 262_144), subject(2)], soft_fail=True)
    assert [outcome.error_code for outcome in result.outcomes] == ["TooLarge", None]
    assert [len(request) for request in endpoint.requests] == [1]


def test_a_failing_bucket_is_reported(bus: Bus) -> None:
    """An event whose data could not be stored is not published, and the error is reported."""
    settings = settings_for(bus, claim_check_bucket="not-there")
    result = EventPublisher(settings).publish(subject(text="x" * 262_144), soft_fail=True)
    assert result.failed[0].error_code == "s3_error"
    assert bus.delivered() == []


def test_no_retry_begins_after_the_timeout(
    endpoint: Endpoint, faulty: Callable[..., EventPublisher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt is always made; a retry begins only within the timeout."""
    now = iter([0.0, 9.0, 9.0, 9.0])
    monkeypatch.setattr("ai_voice_shared.events.publisher.time.monotonic", lambda: next(now))
    endpoint.responses = [["InternalFailure"]] * 4
    result = faulty().publish(subject(), soft_fail=True)
    assert result.failed[0].attempts == 1


def test_with_no_time_left_all_events_are_dead_lettered(
    endpoint: Endpoint, faulty: Callable[..., EventPublisher]
) -> None:
    """Past the deadline of the invocation no request is sent and all events are dead-lettered."""
    queue = InMemoryQueue()
    with use_deadline(Deadline(0)):
        result = faulty(dead_letters=queue).publish(subject())
    assert endpoint.requests == []
    assert (result.dead_lettered[0].error_code, len(queue.sent)) == ("deadline_exceeded", 1)


def test_no_retry_goes_past_the_deadline(endpoint: Endpoint, faulty: Callable[..., EventPublisher]) -> None:
    """A retry that would begin after the deadline of the invocation is not made."""
    endpoint.responses = [["InternalFailure"]] * 4
    with use_deadline(Deadline(0.5)):
        result = faulty(settings={"retry_delay": 1e9}).publish(subject(), soft_fail=True)
    assert result.failed[0].attempts == 1


@pytest.mark.anyio
async def test_the_async_publisher_publishes(bus: Bus) -> None:
    """The documented asynchronous call publishes the event with the caller's correlation id."""
    event_publisher = AsyncEventPublisher(settings_for(bus))
    event = subject()
    with use_correlation_id("abc-123"):
        result = await event_publisher.publish(event, soft_fail=True)
    assert result.ok
    assert parse_event(bus.delivered()[0]).correlation_id == "abc-123"


@pytest.mark.anyio
async def test_the_async_publisher_fails_softly(endpoint: Endpoint, faulty: Callable[..., EventPublisher]) -> None:
    """The asynchronous publisher reports a failure with soft_fail and raises without it."""
    endpoint.responses = [(400, "AccessDeniedException")] * 2
    event_publisher = AsyncEventPublisher(publisher=faulty())
    assert not (await event_publisher.publish(subject(), soft_fail=True)).ok
    with pytest.raises(EventPublishError):
        await event_publisher.publish_many([subject()])


def test_many_first_attempts_end_with_the_timeout(
    endpoint: Endpoint, faulty: Callable[..., EventPublisher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timeout bounds the first attempts of many events as well, so that the rest can still be dead-lettered."""
    clock = [100.0]

    def respond(entries: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        endpoint.requests.append(entries)
        clock[0] += 3.0
        return 503, {"__type": "ServiceUnavailable", "message": "scripted"}

    monkeypatch.setattr(endpoint, "respond", respond)
    monkeypatch.setattr(publisher_module, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    queue = InMemoryQueue()
    publisher = faulty(settings={"timeout": 8.0}, dead_letters=queue)
    result = publisher.publish_many([subject(number) for number in range(100)])
    assert len(endpoint.requests) == 3
    assert [outcome.status for outcome in result.outcomes] == ["dead_lettered"] * 100
    assert {code for _, code in queue.sent[30:]} == {"deadline_exceeded"}


def test_the_same_entry_twice_is_sent_twice(endpoint: Endpoint, faulty: Callable[..., EventPublisher]) -> None:
    """An entry passed twice is sent twice, with an outcome each."""
    entry = Entry.from_event(subject(), source="subjects")
    assert [outcome.status for outcome in faulty().publish_entries([entry, entry]).outcomes] == ["published"] * 2
    assert [len(request) for request in endpoint.requests] == [2]


def test_a_claim_check_store_raises_the_package_s_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection broken within the body and an overloaded S3 raise the package's retryable errors."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with FaultyS3() as server:
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=1)
        client = boto3.client("s3", region_name="eu-central-1", endpoint_url=server.url, config=config)
        store = S3ClaimCheckStore(BUCKET, client=client)
        reference = store.put("1", b"x" * 100_000)
        for fault in (Fault("broken", "GET", at=1000), Fault("cut", "GET", at=1000), Fault("status", "GET")):
            server.faults.append(fault)
            with pytest.raises(S3Error) as caught:
                store.get(reference)
            assert caught.value.retryable, fault
        assert len(store.get(reference)) == 100_000
        client.close()
