"""Domain events that services exchange: models and factories. No I/O."""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".base": ("DomainEvent", "EventType"),
        ".call": (
            "CallCompletedData",
            "CallCompletedEvent",
            "CallFailedData",
            "CallFailedEvent",
            "CallStartedData",
            "CallStartedEvent",
            "create_call_completed_event",
            "create_call_failed_event",
            "create_call_started_event",
        ),
        ".registry": ("EVENT_MODELS", "event_from_dict"),
        ".subject": (
            "SubjectCreatedData",
            "SubjectCreatedEvent",
            "SubjectDeletedData",
            "SubjectDeletedEvent",
            "SubjectUpdatedData",
            "SubjectUpdatedEvent",
            "create_subject_created_event",
            "create_subject_deleted_event",
            "create_subject_updated_event",
        ),
        ".voice_note": ("VoiceNoteParsedData", "VoiceNoteParsedEvent", "create_voice_note_parsed_event"),
    },
)
