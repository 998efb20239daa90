"""Domain events."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from ai_voice_shared.domain import events
from ai_voice_shared.domain.enums import CallFailureReason
from ai_voice_shared.domain.events import (
    EVENT_MODELS,
    CallCompletedEvent,
    CallFailedEvent,
    DomainEvent,
    EventType,
    SubjectCreatedEvent,
    create_call_failed_event,
    create_subject_created_event,
    event_from_dict,
)
from ai_voice_shared.errors import InvalidPayloadError

pytestmark = pytest.mark.unit

FACTORIES: dict[str, dict[str, Any]] = {
    "create_call_completed_event": {"call_id": "CA1", "duration_seconds": 61.5, "recording_key": "r.ogg"},
    "create_call_failed_event": {"call_id": "CA1", "reason": "busy"},
    "create_call_started_event": {"call_id": "CA1", "agent_id": "a1"},
    "create_subject_created_event": {"subject_id": "123", "subject_data": {"name": "Math"}},
    "create_subject_deleted_event": {"subject_id": "123"},
    "create_subject_updated_event": {"subject_id": "123", "changes": {"name": None}},
    "create_voice_note_parsed_event": {"bucket": "notes", "key": "c/a.ogg", "duration_seconds": 2.5},
}


def test_every_factory_and_every_type_is_tested_here() -> None:
    """Every event type has a model, and every factory has an example in this module."""
    assert sorted(name for name in events.__all__ if name.startswith("create_")) == sorted(FACTORIES)
    assert {event_type for event_type, _ in EVENT_MODELS} == set(EventType)


@pytest.mark.parametrize("name", sorted(FACTORIES))
def test_an_event_round_trips_through_json(name: str) -> None:
    """An event restored from JSON has the same class and fields."""
    event = getattr(events, name)(**FACTORIES[name], correlation_id="abc-123")
    restored = event_from_dict(DomainEvent.model_validate_json(event.model_dump_json()).model_dump(mode="json"))
    assert restored == event
    assert type(restored) is type(event)
    assert restored.correlation_id == "abc-123"


def test_the_documented_call() -> None:
    """The documented call of a factory creates the event."""
    event = create_subject_created_event(subject_id="123", subject_data={"name": "Math"}, correlation_id="abc-123")
    assert (event.event_type, event.data.subject_id) == (EventType.SUBJECT_CREATED, "123")
    assert str(event.event_type) == "subject.created"


def test_two_events_differ_in_id_and_have_a_time() -> None:
    """A new event gets a unique id and the current time in UTC."""
    first, second = (create_subject_created_event(subject_id="1", subject_data={}) for _ in range(2))
    assert first.event_id != second.event_id
    assert first.occurred_at.tzinfo is UTC


def test_events_are_frozen() -> None:
    """Neither an event nor its data can be modified."""
    event = create_subject_created_event(subject_id="1", subject_data={})
    with pytest.raises(ValidationError, match="frozen"):
        event.event_id = "2"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        event.data.subject_id = "2"  # type: ignore[misc]


def test_repr_shows_no_data() -> None:
    """The repr of an event does not contain its data, which may be personal."""
    event = create_subject_created_event(subject_id="1", subject_data={"name": "Ann Lee"})
    assert "Ann" not in f"{event!r} {event} {event.data!r}"


def test_a_time_without_a_zone_is_refused() -> None:
    """A time without a time zone is refused, without the value in the error."""
    with pytest.raises(ValidationError) as caught:
        DomainEvent(event_type="a.b", data={"name": "Ann Lee"}, occurred_at=datetime(2026, 1, 1))  # noqa: DTZ001 - the point
    assert "2026" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [{"event_type": "Call"}, {"event_type": "call"}, {"event_id": "a/../b"}, {"event_id": ""}, {"schema_version": 0}],
)
def test_an_invalid_envelope_is_refused(change: dict[str, Any]) -> None:
    """Types and ids that are not valid names on the bus and keys in a bucket are refused."""
    with pytest.raises(ValidationError):
        DomainEvent(**{"event_type": "a.b", "data": {}, **change})


def test_a_type_without_a_model_is_parsed() -> None:
    """An event of an unknown type is parsed as a plain domain event."""
    event = event_from_dict({"event_type": "invoice.paid", "data": {"n": 1}, "added_later": True})
    assert (type(event), event.data) == (DomainEvent, {"n": 1})


def test_fields_of_a_newer_producer_are_ignored() -> None:
    """Fields and enumeration values that a newer producer added do not fail parsing."""
    event = event_from_dict(
        {
            "event_type": "call.failed",
            "trace": "later",
            "data": {"call_id": "CA1", "reason": "carrier_pigeon_lost", "weather": "fog"},
        }
    )
    assert isinstance(event, CallFailedEvent)
    assert event.data.reason is CallFailureReason.UNKNOWN


def test_a_newer_version_is_refused_with_the_fix() -> None:
    """An unsupported schema version is refused with an error that says how to fix it."""
    with pytest.raises(InvalidPayloadError, match=r"version 2 of call\.completed is not supported: attach a newer"):
        event_from_dict({"event_type": "call.completed", "schema_version": 2, "data": {}})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"event_type": None, "data": {}},
        {"event_type": "call.completed"},
        {"event_type": "call.completed", "data": {"call_id": "CA1", "duration_seconds": "Ann Lee"}},
        {"event_type": "call.completed", "schema_version": "Ann Lee", "data": {}},
        {"event_type": "a.b", "data": "Ann Lee"},
    ],
)
def test_an_invalid_event_is_refused_without_its_values(fields: dict[str, Any]) -> None:
    """An invalid event raises an error that names the fields, and neither it nor its cause contains a value."""
    with pytest.raises(InvalidPayloadError) as caught:
        event_from_dict(fields)
    assert caught.value.details
    assert "Ann" not in f"{caught.value} {caught.value.details} {caught.value.__cause__}"


JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), JSON, max_size=4))
def test_any_subject_data_survives_json(subject_data: dict[str, JsonValue]) -> None:
    """Any data that JSON can hold round-trips through it."""
    event = create_subject_created_event(subject_id="1", subject_data=subject_data)
    assert SubjectCreatedEvent.model_validate_json(event.model_dump_json()) == event


def test_a_failure_reason_may_be_text() -> None:
    """A failure reason passed as text becomes a member of the enumeration."""
    assert create_call_failed_event(call_id="CA1", reason="busy").data.reason is CallFailureReason.BUSY


def test_data_may_be_given_as_a_dictionary() -> None:
    """A model validates data passed as a dictionary."""
    event = CallCompletedEvent.model_validate({"data": {"call_id": "CA1", "duration_seconds": 1}})
    assert event.data.duration_seconds == 1


def test_importing_the_domain_loads_no_pydantic() -> None:
    """Importing the domain and its enumerations does not load pydantic."""
    script = (
        "import sys; import ai_voice_shared.domain.events; from ai_voice_shared.domain.enums import CallStatus;"
        "print('pydantic' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
