"""Domain events on EventBridge: batched publishing, a dead-letter queue, an outbox, and typed parsing."""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "..domain.events": (
            "CallCompletedEvent",
            "CallFailedEvent",
            "CallStartedEvent",
            "DomainEvent",
            "EventType",
            "create_call_completed_event",
            "create_call_failed_event",
            "create_call_started_event",
            "create_subject_created_event",
            "create_subject_deleted_event",
            "create_subject_updated_event",
            "create_voice_note_parsed_event",
        ),
        ".async_publisher": ("AsyncEventPublisher",),
        ".claim_check": ("ClaimCheckStore", "S3ClaimCheckStore"),
        ".consumer": ("parse_event",),
        ".dead_letter": ("DeadLetterQueue", "SQSDeadLetterQueue", "redrive"),
        ".outbox": ("DynamoDBOutbox", "Outbox"),
        ".publisher": ("EventPublisher",),
        ".relay": ("relay_pending", "relay_stream"),
        ".results": ("EventOutcome", "PublishResult"),
    },
)
