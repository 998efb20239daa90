"""Twilio's webhook requests: incoming messages, and status callbacks of outgoing messages."""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".content": ("Button", "FlowReply", "ListReply", "Location", "Referral", "RepliedMessage"),
        ".media": ("MediaItem",),
        ".message": ("TwilioWebhookPayload",),
        ".sender": ("Sender",),
        ".status": ("TwilioStatusCallback",),
    },
)
