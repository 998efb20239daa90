"""Sending what waits in an outbox: from the table's stream, within a second, or by a schedule.

Powertools' batch processor hands over one record at a time; PutEvents takes ten, so the records are sent together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ai_voice_shared.events.outbox import DynamoDBOutbox, Outbox
    from ai_voice_shared.events.publisher import EventPublisher
    from ai_voice_shared.events.results import PublishResult

__all__ = ["relay_pending", "relay_stream"]


def relay_pending(outbox: Outbox, publisher: EventPublisher, *, limit: int = 100) -> PublishResult:
    """Send the oldest events of an outbox: the body of a function that a schedule runs.

    Parameters
    ----------
    outbox
        What fails stays there for the next time; the dead-letter queue is not used.
    publisher
        Sends them.
    limit
        Events at most.
    """
    records = outbox.pending(limit)
    result = publisher.publish_entries([record.entry for record in records], soft_fail=True, keep=False)
    outbox.remove(
        [record for record, outcome in zip(records, result.outcomes, strict=True) if outcome.status == "published"]
    )
    return result


def relay_stream(event: Mapping[str, Any], outbox: DynamoDBOutbox, publisher: EventPublisher) -> dict[str, Any]:
    """Send the events that a DynamoDB stream tells of: the body of a function that reads the table's stream.

    Parameters
    ----------
    event
        The stream's event. The function's mapping needs `ReportBatchItemFailures` and the stream new images.
    outbox
        The outbox of the table; what was sent is removed from it.
    publisher
        Sends them.

    Returns
    -------
    dict
        `{"batchItemFailures": [...]}` with the first record that failed: a stream is read again from there on.
    """
    positions: list[str] = []
    records = []
    for change in event.get("Records", ()):
        image = change["dynamodb"].get("NewImage") if change.get("eventName") == "INSERT" else None
        record = outbox.from_image(image) if image else None
        if record is not None:
            positions.append(change["dynamodb"]["SequenceNumber"])
            records.append(record)
    result = publisher.publish_entries([record.entry for record in records], soft_fail=True, keep=False)
    sent = [outcome.status == "published" for outcome in result.outcomes]
    outbox.remove([record for record, done in zip(records, sent, strict=True) if done])
    failed = next((position for position, done in zip(positions, sent, strict=True) if not done), None)
    return {"batchItemFailures": [] if failed is None else [{"itemIdentifier": failed}]}
