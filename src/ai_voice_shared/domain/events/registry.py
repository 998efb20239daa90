"""The registry of event models by type and version."""

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
"""Models by type and schema version. An old version stays as long as any producer sends it."""

_KNOWN_TYPES = frozenset(event_type for event_type, _ in EVENT_MODELS)


def event_from_dict(fields: Mapping[str, Any]) -> DomainEvent[Any]:
    """Create the event that `fields` describe, with the model of its type and version.

    Parameters
    ----------
    fields
        The result of `DomainEvent.model_dump(mode="json")`.

    Returns
    -------
    DomainEvent
        An instance of the type's model; for an unknown type a plain `DomainEvent` with a dictionary.

    Raises
    ------
    InvalidPayloadError
        The event is invalid, or this release does not support its version. The error has the names of the fields, not
        their values.

    Examples
    --------
    >>> type(event_from_dict({"event_type": "subject.deleted", "data": {"subject_id": "1"}})).__name__
    'SubjectDeletedEvent'
    """
    model = _find_model(fields.get("event_type"), fields.get("schema_version", 1))
    try:
        return model.model_validate(fields)
    except PydanticValidationError as error:
        problems = [
            {"field": ".".join(map(str, problem["loc"])), "problem": problem["msg"]}
            for problem in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        names = ", ".join(problem["field"] for problem in problems)
        msg = f"the event is invalid; invalid fields: {names}"
        # Not chained: the original holds the values.
        raise InvalidPayloadError(msg, details=problems) from None


def _find_model(event_type: object, version: object) -> type[DomainEvent[Any]]:
    if not (isinstance(event_type, str) and isinstance(version, int) and event_type in _KNOWN_TYPES):
        return DomainEvent
    model = EVENT_MODELS.get((event_type, version))
    if model is None:
        msg = f"version {version} of {event_type} is not supported: attach a newer layer"
        raise InvalidPayloadError(msg, context={"event_type": event_type, "schema_version": version})
    return model
