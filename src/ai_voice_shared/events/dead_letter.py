"""The dead-letter queue for events that could not be published, and its redrive."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ai_voice_shared.errors import InvalidPayloadError
from ai_voice_shared.events.entries import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ai_voice_shared.events.publisher import EventPublisher
    from ai_voice_shared.settings.events import EventSettings

__all__ = ["DeadLetterQueue", "SQSDeadLetterQueue", "create_dead_letter_queue", "redrive"]

_log = logging.getLogger(__name__)


@runtime_checkable
class DeadLetterQueue(Protocol):
    """A queue that stores unpublished events for a later redrive."""

    def send(self, entry: Entry, error_code: str) -> None:
        """Store the entry, or raise an exception where it was not stored."""


class SQSDeadLetterQueue:
    """A dead-letter queue in SQS: the event's JSON is the body, type, source and error code are attributes.

    Parameters
    ----------
    queue_url
        The queue; on a FIFO queue the source is the message group and the event's id the deduplication id.
    client
        A boto3 SQS client; by default a shared client.
    region
        The queue's region, for the default client.
    """

    def __init__(self, queue_url: str, *, client: Any = None, region: str | None = None) -> None:
        self._queue_url = queue_url
        self._client = client
        self._region = region

    def send(self, entry: Entry, error_code: str) -> None:
        """Send the entry to the queue."""
        if self._client is None:
            from ai_voice_shared.aws import aws_client
            from ai_voice_shared.utils.deadline import DEFAULT_RESERVE

            self._client = aws_client(
                "sqs",
                region_name=self._region,
                connect_timeout=1,
                read_timeout=3,
                retries={"mode": "standard"},
                # Without it, an event that the deadline stopped from being published would be lost.
                grace=DEFAULT_RESERVE,
            )
        attributes = {"EventType": entry.event_type, "Source": entry.source, "ErrorCode": error_code}
        fifo = {"MessageGroupId": entry.source, "MessageDeduplicationId": entry.event_id}
        self._client.send_message(
            QueueUrl=self._queue_url,
            MessageBody=entry.detail,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
            **(fifo if self._queue_url.endswith(".fifo") else {}),
        )


def create_dead_letter_queue(settings: EventSettings) -> DeadLetterQueue | None:
    """Create the queue of the settings, or return None where none is configured."""
    if settings.dead_letter_queue_url is None:
        return None
    return SQSDeadLetterQueue(settings.dead_letter_queue_url, region=settings.region)


def redrive(event: Mapping[str, Any], publisher: EventPublisher) -> dict[str, Any]:
    """Publish the events of the dead-letter queue: the body of a Lambda function that reads the queue.

    Parameters
    ----------
    event
        The SQS event. The event source mapping needs `ReportBatchItemFailures`.
    publisher
        Publishes the events. One that fails again is not dead-lettered again: its message stays in the queue.

    Returns
    -------
    dict
        `{"batchItemFailures": [...]}`: the messages for SQS to redeliver.
    """
    failures: list[str] = []
    entries: list[Entry] = []
    message_ids: list[str] = []
    for record in event.get("Records", ()):
        try:
            entries.append(Entry.from_detail(record["body"]))
        except InvalidPayloadError:
            _log.exception("invalid message in the dead-letter queue", extra={"message_id": record["messageId"]})
            failures.append(record["messageId"])
        else:
            message_ids.append(record["messageId"])
    result = publisher.publish_entries(entries, soft_fail=True, dead_letter=False)
    failures += [
        message_id
        for message_id, outcome in zip(message_ids, result.outcomes, strict=True)
        if outcome.status != "published"
    ]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failures]}
