"""Where an event is kept that the bus did not take, and how it gets there after all."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ai_voice_shared.errors import InvalidPayloadError
from ai_voice_shared.events.entries import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ai_voice_shared.events.publisher import EventPublisher
    from ai_voice_shared.settings.events import EventSettings

__all__ = ["DeadLetterQueue", "SQSDeadLetterQueue", "dead_letters_from", "redrive"]

_log = logging.getLogger(__name__)


@runtime_checkable
class DeadLetterQueue(Protocol):
    """Keeps events until somebody looks after them."""

    def keep(self, entry: Entry, error_code: str) -> None:
        """Keep the entry; an exception says that it is not kept."""


class SQSDeadLetterQueue:
    """Keeps events in an SQS queue: the event's JSON as the body, what went wrong as attributes.

    Parameters
    ----------
    queue_url
        The queue; a FIFO queue gets the source as its group and the event's id against repetition.
    client
        A boto3 SQS client; by default the process's own.
    region
        The queue's region, for the default client.
    """

    def __init__(self, queue_url: str, *, client: Any = None, region: str | None = None) -> None:
        self._queue_url = queue_url
        self._client = client
        self._region = region

    def keep(self, entry: Entry, error_code: str) -> None:
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
                # An event that the deadline kept from the bus would else be lost.
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


def dead_letters_from(settings: EventSettings) -> DeadLetterQueue | None:
    """Make the queue that the settings name, or None where they name none."""
    if settings.dead_letter_queue_url is None:
        return None
    return SQSDeadLetterQueue(settings.dead_letter_queue_url, region=settings.region)


def redrive(event: Mapping[str, Any], publisher: EventPublisher) -> dict[str, Any]:
    """Publish what the dead-letter queue kept: the body of a Lambda function that reads the queue.

    Parameters
    ----------
    event
        The SQS event. The function's mapping needs `ReportBatchItemFailures`.
    publisher
        It is asked not to keep what fails again: the message itself stays in the queue.

    Returns
    -------
    dict
        `{"batchItemFailures": [...]}`: the messages that SQS shall deliver again.
    """
    failures: list[str] = []
    entries: list[Entry] = []
    message_ids: list[str] = []
    for record in event.get("Records", ()):
        try:
            entries.append(Entry.from_detail(record["body"]))
        except InvalidPayloadError:
            _log.exception("a message of the dead-letter queue is no event", extra={"message_id": record["messageId"]})
            failures.append(record["messageId"])
        else:
            message_ids.append(record["messageId"])
    result = publisher.publish_entries(entries, soft_fail=True, keep=False)
    failures += [
        message_id
        for message_id, outcome in zip(message_ids, result.outcomes, strict=True)
        if outcome.status != "published"
    ]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failures]}
