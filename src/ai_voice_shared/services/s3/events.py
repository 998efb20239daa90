"""S3's event notifications, whether they arrive directly or through EventBridge, SQS or SNS.

Powertools' data classes have a class for each of these ways, and leave the test event, the two encodings of the key
and the nesting of messages to the caller; here all of them yield the same records.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from ai_voice_shared.errors import InvalidPayloadError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["S3EventRecord", "parse_s3_event"]


@dataclass(frozen=True, slots=True)
class S3EventRecord:
    """One event of one object.

    Parameters
    ----------
    event_name
        S3's event name without its prefix (`"ObjectCreated:Put"`), or EventBridge's (`"Object Created"`).
    bucket, key
        The object; the key is decoded.
    size
        Bytes, where it was created.
    etag, version_id, sequencer
        As S3 reports them; the sequencer orders the events of one key.
    """

    event_name: str
    bucket: str
    key: str
    size: int | None = None
    etag: str | None = None
    version_id: str | None = None
    sequencer: str | None = None


def parse_s3_event(event: Mapping[str, Any]) -> list[S3EventRecord]:
    """Return the records of an S3 notification.

    Parameters
    ----------
    event
        The Lambda event: S3's own, EventBridge's, or messages of SQS or SNS that contain either.
        S3's test event, which it sends when a notification is configured, has no records.

    Raises
    ------
    InvalidPayloadError
        The event is of another kind.

    Examples
    --------
    >>> record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "notes"}, "object": {"key": "a+b.ogg"}}}
    >>> [(item.bucket, item.key) for item in parse_s3_event({"Records": [record]})]
    [('notes', 'a b.ogg')]
    """
    try:
        return list(_parse_records(event))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        msg = f"not a valid S3 notification ({type(error).__name__})"
        raise InvalidPayloadError(msg) from None


def _parse_records(event: Mapping[str, Any]) -> Iterator[S3EventRecord]:
    if event.get("Event") == "s3:TestEvent":
        return
    if event.get("source") == "aws.s3":
        yield _parse_eventbridge(event)
        return
    if event.get("Type") == "Notification":  # what SNS puts into a queue
        yield from _parse_records(json.loads(event["Message"]))
        return
    for record in event["Records"]:
        if record.get("EventSource") == "aws:sns":
            yield from _parse_records(record["Sns"])
        elif record.get("eventSource") == "aws:sqs":
            yield from _parse_records(json.loads(record["body"]))
        else:
            yield _parse_s3(record)


def _parse_s3(record: Mapping[str, Any]) -> S3EventRecord:
    s3 = record["s3"]
    return S3EventRecord(
        event_name=record["eventName"],
        bucket=s3["bucket"]["name"],
        # Encoded as a form: a space is a plus.
        key=unquote_plus(s3["object"]["key"]),
        size=s3["object"].get("size"),
        etag=s3["object"].get("eTag"),
        version_id=s3["object"].get("versionId"),
        sequencer=s3["object"].get("sequencer"),
    )


def _parse_eventbridge(event: Mapping[str, Any]) -> S3EventRecord:
    detail = event["detail"]
    return S3EventRecord(
        event_name=event["detail-type"],
        bucket=detail["bucket"]["name"],
        # EventBridge has the key as it is, not encoded.
        key=detail["object"]["key"],
        size=detail["object"].get("size"),
        etag=detail["object"].get("etag"),
        version_id=detail["object"].get("version-id"),
        sequencer=detail["object"].get("sequencer"),
    )
