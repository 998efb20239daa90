"""Reading events, and the data that waits."""

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


class Drawer:
    """A store in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def put(self, event_id: str, data: bytes) -> Mapping[str, Any]:
        """Keep it."""
        self.data = data
        return {"id": event_id}

    def get(self, ticket: Mapping[str, Any]) -> bytes:
        """Give it back."""
        assert ticket
        return self.data


@pytest.mark.parametrize("event", [EVENT, {"body": json.dumps(EVENT)}, {"body": json.dumps(DETAIL)}])
def test_every_way_of_delivery_gives_the_same(event: dict[str, Any]) -> None:
    """A rule's target, a queue behind a rule, and the dead-letter queue."""
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
def test_what_is_no_event_is_an_invalid_payload(event: dict[str, Any]) -> None:
    """A foreign, a broken and a contradictory event are refused."""
    with pytest.raises(InvalidPayloadError):
        parse_event(event)


def test_waiting_data_is_fetched_from_any_store() -> None:
    """The store is a protocol."""
    ticketed = {**{key: value for key, value in DETAIL.items() if key != "data"}, "claim_check": {"id": "1"}}
    store = Drawer(b'{"subject_id": "9"}')
    assert isinstance(store, ClaimCheckStore)
    assert parse_event({"detail": ticketed}, claim_checks=store).data.subject_id == "9"
    with pytest.raises(InvalidPayloadError, match="not JSON"):
        parse_event({"detail": ticketed}, claim_checks=Drawer(b"{"))


def test_waiting_data_without_a_store_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The consumer has to be set up for it."""
    monkeypatch.delenv("EVENTS_CLAIM_CHECK_BUCKET", raising=False)
    with pytest.raises(ConfigurationError, match="EVENTS_CLAIM_CHECK_BUCKET"):
        parse_event({"detail": {**DETAIL, "claim_check": {}}})


@pytest.fixture
def store(aws: None) -> S3ClaimCheckStore:
    """Make a bucket with a store."""
    boto3.client("s3").create_bucket(Bucket="big", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return S3ClaimCheckStore("big", region="eu-central-1")


def test_the_store_of_the_settings_is_the_default(store: S3ClaimCheckStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A consumer needs only the variable."""
    monkeypatch.setenv("EVENTS_CLAIM_CHECK_BUCKET", "big")
    ticket = store.put("e1", b'{"subject_id": "9"}')
    assert parse_event({"detail": {**DETAIL, "claim_check": ticket}}).data.subject_id == "9"


def test_the_store_gives_back_what_it_got(store: S3ClaimCheckStore) -> None:
    """The ticket has the place, the size and the hash."""
    ticket = store.put("e1", b"data")
    assert ticket == {
        "bucket": "big",
        "key": "events/e1.json",
        "size": 4,
        "sha256": hashlib.sha256(b"data").hexdigest(),
    }
    assert store.get(ticket) == b"data"


@pytest.mark.parametrize("change", [{"bucket": "other"}, {"key": "secrets/e1.json"}, {"key": None}, {"bucket": None}])
def test_a_ticket_for_something_else_is_refused(store: S3ClaimCheckStore, change: dict[str, Any]) -> None:
    """An event must not make its reader open just anything."""
    with pytest.raises(InvalidPayloadError):
        store.get({**store.put("e1", b"data"), **change})


def test_other_data_than_was_kept_is_refused(store: S3ClaimCheckStore) -> None:
    """The hash in the event is what counts."""
    ticket = store.put("e1", b"data")
    boto3.client("s3").put_object(Bucket="big", Key="events/e1.json", Body=b"other")
    with pytest.raises(S3IntegrityError):
        store.get(ticket)


def test_data_that_is_gone_and_a_bucket_that_is_gone_are_told_apart(store: S3ClaimCheckStore) -> None:
    """A removed object is not found; all else is an error of S3's."""
    ticket = store.put("e1", b"data")
    boto3.client("s3").delete_object(Bucket="big", Key="events/e1.json")
    with pytest.raises(S3ObjectNotFoundError):
        store.get(ticket)
    with pytest.raises(S3Error, match="NoSuchBucket"):
        S3ClaimCheckStore("not-there", region="eu-central-1").put("e1", b"data")


def test_an_outage_is_not_a_missing_object() -> None:
    """S3 that cannot be reached is unavailable."""
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
