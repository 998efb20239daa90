# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
from ai_voice_shared.domain.enums import CallFailureReason as CallFailureReason
from ai_voice_shared.domain.enums import CallStatus as CallStatus
from ai_voice_shared.domain.enums import MemoryType as MemoryType
from ai_voice_shared.domain.enums import UserRole as UserRole
from ai_voice_shared.domain.events.base import DomainEvent as DomainEvent
from ai_voice_shared.domain.events.base import EventType as EventType

__all__ = [
    "CallFailureReason",
    "CallStatus",
    "DomainEvent",
    "EventType",
    "MemoryType",
    "UserRole",
]
