"""Request signatures."""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".twilio_signature": ("compute_signature", "is_signed"),
    },
)
