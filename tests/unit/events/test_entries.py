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
from ai_voice_shared.events.entries import Entry, batch_entries
from ai_voice_shared.observability import use_correlation_id

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def create_entry(size: int) -> Entry:
    """Create an entry of exactly `size` bytes."""
    return Entry("e1", "a.b", "src", NOW, "x" * (size - 14 - 3 - 3))


def test_the_size_is_counted_as_eventbridge_does() -> None:
    """An entry's size counts the time as 14 bytes and text in UTF-8, without id and bus, as EventBridge does."""
    assert Entry("e1", "a.b", "src", NOW, '"é"').size == 14 + 3 + 3 + 4


@given(st.lists(st.integers(min_value=20, max_value=130), max_size=60))
def test_batches_hold_all_in_order_within_the_limits(sizes: list[int]) -> None:
    """Batches keep the order and both limits of a request; an oversized entry is alone in its batch."""
    entries = [create_entry(size) for size in sizes]
    batches = list(batch_entries(entries, max_bytes=100))
    assert [entry for batch in batches for entry in batch] == entries
    for batch in batches:
        assert 1 <= len(batch) <= 10
        assert len(batch) == 1 or sum(entry.size for entry in batch) <= 100


def test_a_batch_is_as_full_as_it_may_be() -> None:
    """Entries of exactly 256 KB in total fit into one request."""
    entries = [create_entry(131_072), create_entry(131_072)]
    assert [len(batch) for batch in batch_entries(entries, max_bytes=262_144)] == [2]
    assert [len(batch) for batch in batch_entries([*entries, create_entry(20)], max_bytes=262_144)] == [2, 1]


def test_source_and_correlation_id_are_filled_in() -> None:
    """An entry takes source and correlation id from the event, else from the publisher and the current context."""
    event = create_subject_created_event(subject_id="1", subject_data={})
    with use_correlation_id("work-7"):
        entry = Entry.from_event(event, source="subjects")
        own = Entry.from_event(event.model_copy(update={"correlation_id": "c1", "source": "other"}), source="subjects")
    fields = json.loads(entry.detail)
    assert (entry.source, fields["source"], fields["correlation_id"]) == ("subjects", "subjects", "work-7")
    assert (own.source, json.loads(own.detail)["correlation_id"]) == ("other", "c1")


def test_without_a_source_the_setting_is_named() -> None:
    """An event without a source raises an error that names the settings."""
    with pytest.raises(MissingSettingError, match="EVENTS_SOURCE or POWERTOOLS_SERVICE_NAME"):
        Entry.from_event(create_subject_created_event(subject_id="1", subject_data={}), source=None)


@pytest.mark.parametrize("value", [object(), "\ud800"])
def test_data_that_json_cannot_hold_is_refused(value: object) -> None:
    """Data that cannot be serialized as JSON raises an error without the value."""
    event = DomainEvent(event_type="a.b", data={"name": value})
    with pytest.raises(InvalidPayloadError, match="cannot be serialized as JSON"):
        Entry.from_event(event, source="s")


def test_an_entry_is_restored_from_its_detail() -> None:
    """An entry restored from its stored JSON equals the original."""
    entry = Entry.from_event(create_subject_created_event(subject_id="1", subject_data={"name": "Ä"}), source="s")
    assert Entry.from_detail(entry.detail) == entry


@pytest.mark.parametrize(
    "detail",
    ["", "[]", "{}", '{"event_id": "1", "event_type": "a.b", "source": null, "occurred_at": "2026-01-01T00:00:00Z"}'],
)
def test_an_invalid_detail_is_refused(detail: str) -> None:
    """Restoring an entry refuses text that is not an event."""
    with pytest.raises(InvalidPayloadError):
        Entry.from_detail(detail)


def test_the_trace_header_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request carries Lambda's X-Ray trace header, where there is one."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
    request: dict[str, Any] = create_entry(40).to_request("voice")
    assert request["TraceHeader"].startswith("Root=1-")
    monkeypatch.delenv("_X_AMZN_TRACE_ID")
    assert "TraceHeader" not in create_entry(40).to_request("voice")
