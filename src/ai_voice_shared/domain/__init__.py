"""What the business says: its enumerations and its events. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.domain.enums import CallFailureReason as CallFailureReason
    from ai_voice_shared.domain.enums import CallStatus as CallStatus
    from ai_voice_shared.domain.enums import MemoryType as MemoryType
    from ai_voice_shared.domain.enums import UserRole as UserRole
    from ai_voice_shared.domain.events.base import DomainEvent as DomainEvent
    from ai_voice_shared.domain.events.base import EventType as EventType

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "CallFailureReason": ".enums",
        "CallStatus": ".enums",
        "DomainEvent": ".events.base",
        "EventType": ".events.base",
        "MemoryType": ".enums",
        "UserRole": ".enums",
    },
)
