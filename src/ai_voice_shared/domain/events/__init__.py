"""Domain events: what happened, as one service tells the others. Models and factories, no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.domain.events.base import DomainEvent as DomainEvent
    from ai_voice_shared.domain.events.base import EventType as EventType
    from ai_voice_shared.domain.events.call import CallCompletedData as CallCompletedData
    from ai_voice_shared.domain.events.call import CallCompletedEvent as CallCompletedEvent
    from ai_voice_shared.domain.events.call import CallFailedData as CallFailedData
    from ai_voice_shared.domain.events.call import CallFailedEvent as CallFailedEvent
    from ai_voice_shared.domain.events.call import CallStartedData as CallStartedData
    from ai_voice_shared.domain.events.call import CallStartedEvent as CallStartedEvent
    from ai_voice_shared.domain.events.call import create_call_completed_event as create_call_completed_event
    from ai_voice_shared.domain.events.call import create_call_failed_event as create_call_failed_event
    from ai_voice_shared.domain.events.call import create_call_started_event as create_call_started_event
    from ai_voice_shared.domain.events.registry import EVENT_MODELS as EVENT_MODELS
    from ai_voice_shared.domain.events.registry import event_from_dict as event_from_dict
    from ai_voice_shared.domain.events.subject import SubjectCreatedData as SubjectCreatedData
    from ai_voice_shared.domain.events.subject import SubjectCreatedEvent as SubjectCreatedEvent
    from ai_voice_shared.domain.events.subject import SubjectDeletedData as SubjectDeletedData
    from ai_voice_shared.domain.events.subject import SubjectDeletedEvent as SubjectDeletedEvent
    from ai_voice_shared.domain.events.subject import SubjectUpdatedData as SubjectUpdatedData
    from ai_voice_shared.domain.events.subject import SubjectUpdatedEvent as SubjectUpdatedEvent
    from ai_voice_shared.domain.events.subject import create_subject_created_event as create_subject_created_event
    from ai_voice_shared.domain.events.subject import create_subject_deleted_event as create_subject_deleted_event
    from ai_voice_shared.domain.events.subject import create_subject_updated_event as create_subject_updated_event
    from ai_voice_shared.domain.events.voice_note import VoiceNoteParsedData as VoiceNoteParsedData
    from ai_voice_shared.domain.events.voice_note import VoiceNoteParsedEvent as VoiceNoteParsedEvent
    from ai_voice_shared.domain.events.voice_note import (
        create_voice_note_parsed_event as create_voice_note_parsed_event,
    )

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "EVENT_MODELS": ".registry",
        "CallCompletedData": ".call",
        "CallCompletedEvent": ".call",
        "CallFailedData": ".call",
        "CallFailedEvent": ".call",
        "CallStartedData": ".call",
        "CallStartedEvent": ".call",
        "DomainEvent": ".base",
        "EventType": ".base",
        "SubjectCreatedData": ".subject",
        "SubjectCreatedEvent": ".subject",
        "SubjectDeletedData": ".subject",
        "SubjectDeletedEvent": ".subject",
        "SubjectUpdatedData": ".subject",
        "SubjectUpdatedEvent": ".subject",
        "VoiceNoteParsedData": ".voice_note",
        "VoiceNoteParsedEvent": ".voice_note",
        "create_call_completed_event": ".call",
        "create_call_failed_event": ".call",
        "create_call_started_event": ".call",
        "create_subject_created_event": ".subject",
        "create_subject_deleted_event": ".subject",
        "create_subject_updated_event": ".subject",
        "create_voice_note_parsed_event": ".voice_note",
        "event_from_dict": ".registry",
    },
)
