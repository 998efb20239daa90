"""Signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.security.twilio_signature import compute_signature as compute_signature
    from ai_voice_shared.security.twilio_signature import is_signed as is_signed

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "compute_signature": ".twilio_signature",
        "is_signed": ".twilio_signature",
    },
)
