# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
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
from ai_voice_shared.domain.events.voice_note import create_voice_note_parsed_event as create_voice_note_parsed_event

__all__ = [
    "CallCompletedData",
    "CallCompletedEvent",
    "CallFailedData",
    "CallFailedEvent",
    "CallStartedData",
    "CallStartedEvent",
    "DomainEvent",
    "EVENT_MODELS",
    "EventType",
    "SubjectCreatedData",
    "SubjectCreatedEvent",
    "SubjectDeletedData",
    "SubjectDeletedEvent",
    "SubjectUpdatedData",
    "SubjectUpdatedEvent",
    "VoiceNoteParsedData",
    "VoiceNoteParsedEvent",
    "create_call_completed_event",
    "create_call_failed_event",
    "create_call_started_event",
    "create_subject_created_event",
    "create_subject_deleted_event",
    "create_subject_updated_event",
    "create_voice_note_parsed_event",
    "event_from_dict",
]
