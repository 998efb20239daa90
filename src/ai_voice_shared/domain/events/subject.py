"""Events of a subject: an entity that one service owns and describes by a dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, JsonValue

from ai_voice_shared.domain.events.base import DomainEvent, EventData, EventType

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "SubjectCreatedData",
    "SubjectCreatedEvent",
    "SubjectDeletedData",
    "SubjectDeletedEvent",
    "SubjectUpdatedData",
    "SubjectUpdatedEvent",
    "create_subject_created_event",
    "create_subject_deleted_event",
    "create_subject_updated_event",
]


class SubjectCreatedData(EventData):
    """The data of a subject that was created."""

    subject_id: str = Field(min_length=1)
    subject_data: dict[str, JsonValue] = Field(default_factory=dict, repr=False)


class SubjectUpdatedData(EventData):
    """The data of a subject that was updated."""

    subject_id: str = Field(min_length=1)
    changes: dict[str, JsonValue] = Field(default_factory=dict, repr=False, description="The new values.")


class SubjectDeletedData(EventData):
    """The data of a subject that was deleted."""

    subject_id: str = Field(min_length=1)


class SubjectCreatedEvent(DomainEvent[SubjectCreatedData]):
    """`subject.created`."""

    event_type: Literal[EventType.SUBJECT_CREATED] = EventType.SUBJECT_CREATED


class SubjectUpdatedEvent(DomainEvent[SubjectUpdatedData]):
    """`subject.updated`."""

    event_type: Literal[EventType.SUBJECT_UPDATED] = EventType.SUBJECT_UPDATED


class SubjectDeletedEvent(DomainEvent[SubjectDeletedData]):
    """`subject.deleted`."""

    event_type: Literal[EventType.SUBJECT_DELETED] = EventType.SUBJECT_DELETED


def create_subject_created_event(
    *, subject_id: str, subject_data: Mapping[str, JsonValue], correlation_id: str | None = None
) -> SubjectCreatedEvent:
    """Create a `subject.created` event.

    Examples
    --------
    >>> event = create_subject_created_event(subject_id="123", subject_data={"name": "Math"}, correlation_id="abc-123")
    >>> event.data.subject_data["name"]
    'Math'
    """
    data = SubjectCreatedData(subject_id=subject_id, subject_data=dict(subject_data))
    return SubjectCreatedEvent(data=data, correlation_id=correlation_id)


def create_subject_updated_event(
    *, subject_id: str, changes: Mapping[str, JsonValue], correlation_id: str | None = None
) -> SubjectUpdatedEvent:
    """Create a `subject.updated` event."""
    data = SubjectUpdatedData(subject_id=subject_id, changes=dict(changes))
    return SubjectUpdatedEvent(data=data, correlation_id=correlation_id)


def create_subject_deleted_event(*, subject_id: str, correlation_id: str | None = None) -> SubjectDeletedEvent:
    """Create a `subject.deleted` event."""
    return SubjectDeletedEvent(data=SubjectDeletedData(subject_id=subject_id), correlation_id=correlation_id)
