"""S3's event notifications."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.errors import InvalidPayloadError
from ai_voice_shared.services.s3.events import S3EventRecord, parse_s3_event

pytestmark = pytest.mark.unit

KEY = "notes/Zürich + more/a b.ogg"
TEST_EVENT = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "notes", "RequestId": "R"}


def direct(*keys: str) -> dict[str, Any]:
    """Return the event that S3 sends itself."""
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "userIdentity": {"principalId": "AWS:AROA"},
                "s3": {
                    "bucket": {"name": "notes", "arn": "arn:aws:s3:::notes"},
                    "object": {
                        "key": quote_plus(key, safe="/"),
                        "size": 5,
                        "eTag": "abc",
                        "versionId": "v1",
                        "sequencer": "0055",
                    },
                },
            }
            for key in keys
        ]
    }


def through_eventbridge(key: str) -> dict[str, Any]:
    """Return the event that EventBridge sends, with the key unencoded."""
    return {
        "version": "0",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {
            "bucket": {"name": "notes"},
            "object": {"key": key, "size": 5, "etag": "abc", "version-id": "v1", "sequencer": "0055"},
        },
    }


def through_sqs(*bodies: Any) -> dict[str, Any]:
    """Wrap events in SQS messages."""
    return {"Records": [{"eventSource": "aws:sqs", "messageId": "m", "body": json.dumps(body)} for body in bodies]}


def through_sns(body: Any) -> dict[str, Any]:
    """Wrap an event in an SNS message, as a function receives it."""
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Type": "Notification", "Message": json.dumps(body)}}]}


def through_sns_and_sqs(body: Any) -> dict[str, Any]:
    """Wrap an event in an SNS message that went through a queue."""
    return through_sqs({"Type": "Notification", "TopicArn": "arn", "Message": json.dumps(body)})


RECORD = S3EventRecord("ObjectCreated:Put", "notes", KEY, 5, "abc", "v1", "0055")


@pytest.mark.parametrize("wrap", [lambda body: body, through_sqs, through_sns, through_sns_and_sqs])
def test_a_record_is_the_same_however_it_arrives(wrap: Any) -> None:
    """A notification has the same record directly, through SQS, through SNS and through both."""
    assert parse_s3_event(wrap(direct(KEY))) == [RECORD]


@pytest.mark.parametrize("wrap", [lambda body: body, through_sqs])
def test_a_key_from_eventbridge_is_not_decoded(wrap: Any) -> None:
    """A plus in a key from EventBridge is a plus, as it is not encoded."""
    (record,) = parse_s3_event(wrap(through_eventbridge(KEY)))
    assert (record.event_name, record.key, record.size) == ("Object Created", KEY, 5)


@given(key=st.text(min_size=1))
def test_any_key_is_decoded(key: str) -> None:
    """Any key is returned as it was before S3 encoded it."""
    assert parse_s3_event(direct(key))[0].key == key
    assert parse_s3_event(through_eventbridge(key))[0].key == key


def test_several_records_are_in_order() -> None:
    """The records of a batch of messages are in the order of the messages."""
    found = parse_s3_event(through_sqs(direct("a", "b"), TEST_EVENT, through_eventbridge("c")))
    assert [item.key for item in found] == ["a", "b", "c"]


@pytest.mark.parametrize("wrap", [lambda body: body, through_sqs, through_sns])
def test_the_test_event_has_no_records(wrap: Any) -> None:
    """The test event, which S3 sends when a notification is configured, has no records."""
    assert parse_s3_event(wrap(TEST_EVENT)) == []


def test_a_deleted_object_has_no_size() -> None:
    """The record of a deleted object has no size, as S3 omits it."""
    event = direct("k")
    event["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    del event["Records"][0]["s3"]["object"]["size"]
    (record,) = parse_s3_event(event)
    assert (record.event_name, record.size) == ("ObjectRemoved:Delete", None)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"Records": None},
        {"Records": [None]},
        {"Records": [{"eventSource": "aws:dynamodb", "dynamodb": {}}]},
        {"Records": [{"eventSource": "aws:sqs", "body": "not JSON +14155550100"}]},
        {"Records": [{"eventSource": "aws:sqs", "body": "[]"}]},
        {"source": "aws.s3", "detail-type": "Object Created", "detail": {}},
        {"Records": [{"eventSource": "aws:s3", "eventName": "x", "s3": {"bucket": {"name": "b"}, "object": {}}}]},
    ],
)
def test_another_event_is_an_error_without_its_content(event: Any) -> None:
    """An event that is not a valid S3 notification is an error, never an empty list."""
    with pytest.raises(InvalidPayloadError) as caught:
        parse_s3_event(event)
    assert "+1415" not in str(caught.value)
