"""Typed, frozen models of wire formats."""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".customer": ("CustomerMetadata",),
        ".s3": ("S3ListResponse", "S3ObjectMetadata"),
        ".twilio.media": ("MediaItem",),
        ".twilio.message": ("TwilioWebhookPayload",),
        ".twilio.sender": ("Sender",),
        ".twilio.status": ("TwilioStatusCallback",),
    },
)
