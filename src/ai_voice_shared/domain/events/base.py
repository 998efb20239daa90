"""What every domain event has, and the types there are.

The field names are those of an envelope on the bus: consumers in other languages read them. A type's models change by
addition only; anything else is a new `schema_version` with a model of its own, beside the old one.
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
    """The events that the services of the AI Voice Tool tell each other, as `thing.what_happened`."""

    CALL_COMPLETED = "call.completed"
    CALL_FAILED = "call.failed"
    CALL_STARTED = "call.started"
    SUBJECT_CREATED = "subject.created"
    SUBJECT_DELETED = "subject.deleted"
    SUBJECT_UPDATED = "subject.updated"
    VOICE_NOTE_PARSED = "voice_note.parsed"


class EventData(BaseModel):
    """What an event says about its own kind of thing. Frozen; a field that a newer producer added is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


DataT = TypeVar("DataT", default=dict[str, Any])


class DomainEvent(BaseModel, Generic[DataT]):
    """Something that happened, told to whoever wants to know.

    Made as it stands it is an event of a type that has no model here, with any `data` that JSON can hold.

    Parameters
    ----------
    event_type
        Which kind of event (`"call.completed"`).
    data
        What happened. It may hold personal data, so it is left out of `repr`.
    event_id
        Its id, the one that consumers tell a repetition by: delivery is at least once.
    schema_version
        The version of `data`'s model.
    occurred_at
        When it happened, with a time zone.
    source
        The service that tells it; by default the publisher's.
    correlation_id
        The id of the work that it belongs to; by default the current one when it is published.

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
