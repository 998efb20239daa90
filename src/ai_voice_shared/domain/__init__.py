"""The domain model: enumerations and domain events. No I/O."""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".enums": ("CallFailureReason", "CallStatus", "MemoryType", "UserRole"),
        ".events.base": ("DomainEvent", "EventType"),
    },
)
