"""Event parsing and claim checks."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from ai_voice_shared.domain.events import SubjectDeletedEvent, create_subject_deleted_event
from ai_voice_shared.errors import (
    ConfigurationError,
    InvalidPayloadError,
    S3Error,
    S3IntegrityError,
    S3ObjectNotFoundError,
    S3UnavailableError,
)
from ai_voice_shared.events import ClaimCheckStore, S3ClaimCheckStore, parse_event

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.unit

DETAIL: dict[str, Any] = create_subject_deleted_event(subject_id="1").model_dump(mode="json")
EVENT = {"source": "subjects", "detail-type": "subject.deleted", "detail": DETAIL}


class InMemoryStore:
    """A claim-check store in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def put(self, event_id: str, data: bytes) -> Mapping[str, Any]:
        """Store the data."""
        self.data = data
        return {"id": event_id}

    def get(self, reference: Mapping[str, Any]) -> bytes:
        """Return the data."""
        assert reference
        return self.data


@pytest.mark.parametrize("event", [EVENT, {"body": json.dumps(EVENT)}, {"body": json.dumps(DETAIL)}])
def test_every_delivery_path_yields_the_same_event(event: dict[str, Any]) -> None:
    """A rule's target, a queue behind a rule and the dead-letter queue yield the same event."""
    parsed = parse_event(event)
    assert isinstance(parsed, SubjectDeletedEvent)
    assert parsed.event_id == DETAIL["event_id"]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"detail": None},
        {"detail": "text"},
        {"detail": {}},
        {"body": "{"},
        {"body": "[]"},
        {"body": None},
        {**EVENT, "detail-type": "subject.created"},
        {**EVENT, "detail": {**DETAIL, "claim_check": "text"}},
    ],
)
def test_an_invalid_event_is_refused(event: dict[str, Any]) -> None:
    """Parsing refuses a foreign, a malformed and an inconsistent event."""
    with pytest.raises(InvalidPayloadError):
        parse_event(event)


def test_offloaded_data_is_loaded_from_any_store() -> None:
    """Parsing loads offloaded data from any implementation of the store protocol."""
    referencing = {**{key: value for key, value in DETAIL.items() if key != "data"}, "claim_check": {"id": "1"}}
    store = InMemoryStore(b'{"subject_id": "9"}')
    assert isinstance(store, ClaimCheckStore)
    assert parse_event({"detail": referencing}, claim_checks=store).data.subject_id == "9"
    with pytest.raises(InvalidPayloadError, match="not valid JSON"):
        parse_event({"detail": referencing}, claim_checks=InMemoryStore(b"{"))


def test_offloaded_data_without_a_store_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing an event with offloaded data and no store raises an error that names the setting."""
    monkeypatch.delenv("EVENTS_CLAIM_CHECK_BUCKET", raising=False)
    with pytest.raises(ConfigurationError, match="EVENTS_CLAIM_CHECK_BUCKET"):
        parse_event({"detail": {**DETAIL, "claim_check": {}}})


@pytest.fixture
def store(aws: None) -> S3ClaimCheckStore:
    """Create a bucket and its claim-check store."""
    boto3.client("s3").create_bucket(Bucket="big", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return S3ClaimCheckStore("big", region="eu-central-1")


def test_the_store_of_the_settings_is_the_default(store: S3ClaimCheckStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A consumer finds the store by its environment variable alone."""
    monkeypatch.setenv("EVENTS_CLAIM_CHECK_BUCKET", "big")
    reference = store.put("e1", b'{"subject_id": "9"}')
    assert parse_event({"detail": {**DETAIL, "claim_check": reference}}).data.subject_id == "9"


def test_the_store_returns_what_was_stored(store: S3ClaimCheckStore) -> None:
    """A reference holds the location, size and hash, and the store returns the data of it."""
    reference = store.put("e1", b"data")
    assert reference == {
        "bucket": "big",
        "key": "events/e1.json",
        "size": 4,
        "sha256": hashlib.sha256(b"data").hexdigest(),
    }
    assert store.get(reference) == b"data"


@pytest.mark.parametrize("change", [{"bucket": "other"}, {"key": "secrets/e1.json"}, {"key": None}, {"bucket": None}])
def test_a_reference_to_another_object_is_refused(store: S3ClaimCheckStore, change: dict[str, Any]) -> None:
    """The store refuses a reference to another bucket or to a key outside of its prefix."""
    with pytest.raises(InvalidPayloadError):
        store.get({**store.put("e1", b"data"), **change})


def test_data_that_was_changed_is_refused(store: S3ClaimCheckStore) -> None:
    """The store refuses data whose hash differs from the one in the event."""
    reference = store.put("e1", b"data")
    boto3.client("s3").put_object(Bucket="big", Key="events/e1.json", Body=b"other")
    with pytest.raises(S3IntegrityError):
        store.get(reference)


def test_a_missing_object_and_a_missing_bucket_are_different_errors(store: S3ClaimCheckStore) -> None:
    """A missing object raises a not-found error; a missing bucket raises a general S3 error."""
    reference = store.put("e1", b"data")
    boto3.client("s3").delete_object(Bucket="big", Key="events/e1.json")
    with pytest.raises(S3ObjectNotFoundError):
        store.get(reference)
    with pytest.raises(S3Error, match="NoSuchBucket"):
        S3ClaimCheckStore("not-there", region="eu-central-1").put("e1", b"data")


def test_an_outage_is_not_a_missing_object() -> None:
    """An unreachable S3 raises an unavailable error, not a not-found error."""
    client = boto3.client(
        "s3",
        region_name="eu-central-1",
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(S3UnavailableError):
        S3ClaimCheckStore("big", client=client).get({"bucket": "big", "key": "events/e1.json"})
