# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
from ai_voice_shared.domain.events import CallCompletedEvent as CallCompletedEvent
from ai_voice_shared.domain.events import CallFailedEvent as CallFailedEvent
from ai_voice_shared.domain.events import CallStartedEvent as CallStartedEvent
from ai_voice_shared.domain.events import DomainEvent as DomainEvent
from ai_voice_shared.domain.events import EventType as EventType
from ai_voice_shared.domain.events import create_call_completed_event as create_call_completed_event
from ai_voice_shared.domain.events import create_call_failed_event as create_call_failed_event
from ai_voice_shared.domain.events import create_call_started_event as create_call_started_event
from ai_voice_shared.domain.events import create_subject_created_event as create_subject_created_event
from ai_voice_shared.domain.events import create_subject_deleted_event as create_subject_deleted_event
from ai_voice_shared.domain.events import create_subject_updated_event as create_subject_updated_event
from ai_voice_shared.domain.events import create_voice_note_parsed_event as create_voice_note_parsed_event
from ai_voice_shared.events.async_publisher import AsyncEventPublisher as AsyncEventPublisher
from ai_voice_shared.events.claim_check import ClaimCheckStore as ClaimCheckStore
from ai_voice_shared.events.claim_check import S3ClaimCheckStore as S3ClaimCheckStore
from ai_voice_shared.events.consumer import parse_event as parse_event
from ai_voice_shared.events.dead_letter import DeadLetterQueue as DeadLetterQueue
from ai_voice_shared.events.dead_letter import SQSDeadLetterQueue as SQSDeadLetterQueue
from ai_voice_shared.events.dead_letter import redrive as redrive
from ai_voice_shared.events.outbox import DynamoDBOutbox as DynamoDBOutbox
from ai_voice_shared.events.outbox import Outbox as Outbox
from ai_voice_shared.events.publisher import EventPublisher as EventPublisher
from ai_voice_shared.events.relay import relay_pending as relay_pending
from ai_voice_shared.events.relay import relay_stream as relay_stream
from ai_voice_shared.events.results import EventOutcome as EventOutcome
from ai_voice_shared.events.results import PublishResult as PublishResult

__all__ = [
    "AsyncEventPublisher",
    "CallCompletedEvent",
    "CallFailedEvent",
    "CallStartedEvent",
    "ClaimCheckStore",
    "DeadLetterQueue",
    "DomainEvent",
    "DynamoDBOutbox",
    "EventOutcome",
    "EventPublisher",
    "EventType",
    "Outbox",
    "PublishResult",
    "S3ClaimCheckStore",
    "SQSDeadLetterQueue",
    "create_call_completed_event",
    "create_call_failed_event",
    "create_call_started_event",
    "create_subject_created_event",
    "create_subject_deleted_event",
    "create_subject_updated_event",
    "create_voice_note_parsed_event",
    "parse_event",
    "redrive",
    "relay_pending",
    "relay_stream",
]
