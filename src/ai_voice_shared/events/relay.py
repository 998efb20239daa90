"""Relays that publish the events of an outbox: from the table's stream, within a second, or on a schedule.

Powertools' batch processor passes one record at a time; PutEvents accepts ten, so the records are sent together.
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
    """Publish the oldest events of an outbox: the body of a scheduled function.

    Parameters
    ----------
    outbox
        Failed events stay there for the next run; the dead-letter queue is not used.
    publisher
        Publishes the events.
    limit
        The maximum number of events.
    """
    records = outbox.pending(limit)
    result = publisher.publish_entries([record.entry for record in records], soft_fail=True, dead_letter=False)
    outbox.remove(
        [record for record, outcome in zip(records, result.outcomes, strict=True) if outcome.status == "published"]
    )
    return result


def relay_stream(event: Mapping[str, Any], outbox: DynamoDBOutbox, publisher: EventPublisher) -> dict[str, Any]:
    """Publish the outbox events of a DynamoDB stream: the body of a function that reads the table's stream.

    Parameters
    ----------
    event
        The stream's event. The event source mapping needs `ReportBatchItemFailures`, the stream new images.
    outbox
        The outbox of the table; published events are removed from it.
    publisher
        Publishes the events.

    Returns
    -------
    dict
        `{"batchItemFailures": [...]}` with the first record that failed: Lambda retries from that record on.
    """
    positions: list[str] = []
    records = []
    for change in event.get("Records", ()):
        image = change["dynamodb"].get("NewImage") if change.get("eventName") == "INSERT" else None
        record = outbox.from_image(image) if image else None
        if record is not None:
            positions.append(change["dynamodb"]["SequenceNumber"])
            records.append(record)
    result = publisher.publish_entries([record.entry for record in records], soft_fail=True, dead_letter=False)
    sent = [outcome.status == "published" for outcome in result.outcomes]
    outbox.remove([record for record, is_sent in zip(records, sent, strict=True) if is_sent])
    failed = next((position for position, is_sent in zip(positions, sent, strict=True) if not is_sent), None)
    return {"batchItemFailures": [] if failed is None else [{"itemIdentifier": failed}]}
