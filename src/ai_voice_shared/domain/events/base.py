"""The base model of domain events, and the event types.

The field names are part of the envelope on the bus, which consumers in other languages read. A type's models change
by addition only; any other change is a new `schema_version` with its own model, next to the old one.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

# pydantic's own dependency; the standard library's TypeVar has a default from Python 3.13 on.
from typing_extensions import TypeVar

__all__ = ["DomainEvent", "EventData", "EventType"]


class EventType(StrEnum):
    """The events that the services of the AI Voice Tool exchange, as `subject.what_happened`."""

    CALL_COMPLETED = "call.completed"
    CALL_FAILED = "call.failed"
    CALL_STARTED = "call.started"
    SUBJECT_CREATED = "subject.created"
    SUBJECT_DELETED = "subject.deleted"
    SUBJECT_UPDATED = "subject.updated"
    VOICE_NOTE_PARSED = "voice_note.parsed"


class EventData(BaseModel):
    """The data of an event. Frozen; a field that a newer producer added is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


DataT = TypeVar("DataT", default=dict[str, Any])


class DomainEvent(BaseModel, Generic[DataT]):
    """An event of the domain.

    An instance of this class itself is an event of a type without a model here, with any `data` that JSON can hold.

    Parameters
    ----------
    event_type
        The type of the event (`"call.completed"`).
    data
        The event's data. It may hold personal data, so it is left out of `repr`.
    event_id
        The event's id, by which consumers detect duplicates: delivery is at least once.
    schema_version
        The version of `data`'s model.
    occurred_at
        When it happened, with a time zone.
    source
        The service that publishes it; by default the publisher's source.
    correlation_id
        The correlation id; by default the current one at the time of publishing.

    Examples
    --------
    >>> event = DomainEvent(event_type="invoice.paid", data={"invoice_id": "7"})
    >>> event.schema_version, event.data["invoice_id"]
    (1, '7')
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    event_id: str = Field(default_factory=lambda: str(uuid.uuid4()), pattern=r"^[A-Za-z0-9_-]{1,128}$")
    event_type: str = Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$", max_length=128)
    schema_version: int = Field(default=1, ge=1)
    occurred_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    source: str | None = Field(default=None, min_length=1, max_length=256)
    correlation_id: str | None = Field(default=None, max_length=128)
    data: DataT = Field(repr=False)
