"""Which model stands for which type and version of an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError as PydanticValidationError

from ai_voice_shared.domain.events.base import DomainEvent, EventType
from ai_voice_shared.domain.events.call import CallCompletedEvent, CallFailedEvent, CallStartedEvent
from ai_voice_shared.domain.events.subject import SubjectCreatedEvent, SubjectDeletedEvent, SubjectUpdatedEvent
from ai_voice_shared.domain.events.voice_note import VoiceNoteParsedEvent
from ai_voice_shared.errors import InvalidPayloadError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EVENT_MODELS", "event_from_dict"]

EVENT_MODELS: Mapping[tuple[str, int], type[DomainEvent[Any]]] = {
    (EventType.CALL_COMPLETED, 1): CallCompletedEvent,
    (EventType.CALL_FAILED, 1): CallFailedEvent,
    (EventType.CALL_STARTED, 1): CallStartedEvent,
    (EventType.SUBJECT_CREATED, 1): SubjectCreatedEvent,
    (EventType.SUBJECT_DELETED, 1): SubjectDeletedEvent,
    (EventType.SUBJECT_UPDATED, 1): SubjectUpdatedEvent,
    (EventType.VOICE_NOTE_PARSED, 1): VoiceNoteParsedEvent,
}
"""Type and schema version to the model. An old version stays until nobody sends it any more."""

_KNOWN_TYPES = frozenset(event_type for event_type, _ in EVENT_MODELS)


def event_from_dict(fields: Mapping[str, Any]) -> DomainEvent[Any]:
    """Make the event that `fields` describe, of the class that its type and version have.

    Parameters
    ----------
    fields
        What `DomainEvent.model_dump(mode="json")` gave.

    Returns
    -------
    DomainEvent
        Of its own class; an event of a type that is not known here is a plain `DomainEvent` with a dictionary.

    Raises
    ------
    InvalidPayloadError
        It is no event, or of a version that this release does not know. The fields are named, their values are not.

    Examples
    --------
    >>> type(event_from_dict({"event_type": "subject.deleted", "data": {"subject_id": "1"}})).__name__
    'SubjectDeletedEvent'
    """
    model = _model_of(fields.get("event_type"), fields.get("schema_version", 1))
    try:
        return model.model_validate(fields)
    except PydanticValidationError as error:
        problems = [
            {"field": ".".join(map(str, problem["loc"])), "problem": problem["msg"]}
            for problem in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        names = ", ".join(problem["field"] for problem in problems)
        msg = f"the event cannot be read; wrong are: {names}"
        # Not chained: the original holds the values.
        raise InvalidPayloadError(msg, details=problems) from None


def _model_of(event_type: object, version: object) -> type[DomainEvent[Any]]:
    if not (isinstance(event_type, str) and isinstance(version, int) and event_type in _KNOWN_TYPES):
        return DomainEvent
    model = EVENT_MODELS.get((event_type, version))
    if model is None:
        msg = f"version {version} of {event_type} is not known here: attach a newer layer"
        raise InvalidPayloadError(msg, context={"event_type": event_type, "schema_version": version})
    return model
