"""Entries and batches."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.domain.events import DomainEvent, create_subject_created_event
from ai_voice_shared.errors import InvalidPayloadError, MissingSettingError
from ai_voice_shared.events.entries import Entry, batched_entries
from ai_voice_shared.observability import use_correlation_id

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def entry_of_size(size: int) -> Entry:
    """Make an entry of exactly so many bytes."""
    return Entry("e1", "a.b", "src", NOW, "x" * (size - 14 - 3 - 3))


def test_the_size_is_counted_as_eventbridge_does() -> None:
    """The time counts as 14 bytes, text as its UTF-8; the id and the bus do not count."""
    assert Entry("e1", "a.b", "src", NOW, '"é"').size == 14 + 3 + 3 + 4


@given(st.lists(st.integers(min_value=20, max_value=130), max_size=60))
def test_batches_hold_all_in_order_within_the_limits(sizes: list[int]) -> None:
    """Ten entries at most, the bytes at most, nothing lost; what is too large alone comes alone."""
    entries = [entry_of_size(size) for size in sizes]
    batches = list(batched_entries(entries, max_bytes=100))
    assert [entry for batch in batches for entry in batch] == entries
    for batch in batches:
        assert 1 <= len(batch) <= 10
        assert len(batch) == 1 or sum(entry.size for entry in batch) <= 100


def test_a_batch_is_as_full_as_it_may_be() -> None:
    """A request of exactly 256 KB is one request."""
    entries = [entry_of_size(131_072), entry_of_size(131_072)]
    assert [len(batch) for batch in batched_entries(entries, max_bytes=262_144)] == [2]
    assert [len(batch) for batch in batched_entries([*entries, entry_of_size(20)], max_bytes=262_144)] == [2, 1]


def test_source_and_correlation_id_are_filled_in() -> None:
    """The event's own come first, then the publisher's and those of the work at hand."""
    event = create_subject_created_event(subject_id="1", subject_data={})
    with use_correlation_id("work-7"):
        entry = Entry.of(event, source="subjects")
        own = Entry.of(event.model_copy(update={"correlation_id": "c1", "source": "other"}), source="subjects")
    fields = json.loads(entry.detail)
    assert (entry.source, fields["source"], fields["correlation_id"]) == ("subjects", "subjects", "work-7")
    assert (own.source, json.loads(own.detail)["correlation_id"]) == ("other", "c1")


def test_without_a_source_the_setting_is_named() -> None:
    """EventBridge would refuse it."""
    with pytest.raises(MissingSettingError, match="EVENTS_SOURCE or POWERTOOLS_SERVICE_NAME"):
        Entry.of(create_subject_created_event(subject_id="1", subject_data={}), source=None)


@pytest.mark.parametrize("value", [object(), "\ud800"])
def test_data_that_json_cannot_hold_is_refused(value: object) -> None:
    """The error names the event and not the value."""
    event = DomainEvent(event_type="a.b", data={"name": value})
    with pytest.raises(InvalidPayloadError, match="cannot be written as JSON"):
        Entry.of(event, source="s")


def test_an_entry_comes_back_from_its_detail() -> None:
    """What was kept can be sent again as it was."""
    entry = Entry.of(create_subject_created_event(subject_id="1", subject_data={"name": "Ä"}), source="s")
    assert Entry.from_detail(entry.detail) == entry


@pytest.mark.parametrize(
    "detail",
    ["", "[]", "{}", '{"event_id": "1", "event_type": "a.b", "source": null, "occurred_at": "2026-01-01T00:00:00Z"}'],
)
def test_what_is_no_event_does_not_come_back(detail: str) -> None:
    """A foreign message is told apart."""
    with pytest.raises(InvalidPayloadError):
        Entry.from_detail(detail)


def test_the_trace_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """X-Ray joins producer and consumer by the header."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
    request: dict[str, Any] = entry_of_size(40).to_request("voice")
    assert request["TraceHeader"].startswith("Root=1-")
    monkeypatch.delenv("_X_AMZN_TRACE_ID")
    assert "TraceHeader" not in entry_of_size(40).to_request("voice")
