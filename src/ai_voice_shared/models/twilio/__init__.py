"""What Twilio sends: messages, and what became of the messages that we sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.models.twilio.content import Button as Button
    from ai_voice_shared.models.twilio.content import FlowReply as FlowReply
    from ai_voice_shared.models.twilio.content import ListReply as ListReply
    from ai_voice_shared.models.twilio.content import Location as Location
    from ai_voice_shared.models.twilio.content import Referral as Referral
    from ai_voice_shared.models.twilio.content import RepliedMessage as RepliedMessage
    from ai_voice_shared.models.twilio.media import MediaItem as MediaItem
    from ai_voice_shared.models.twilio.message import TwilioWebhookPayload as TwilioWebhookPayload
    from ai_voice_shared.models.twilio.sender import Sender as Sender
    from ai_voice_shared.models.twilio.status import TwilioStatusCallback as TwilioStatusCallback

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "Button": ".content",
        "FlowReply": ".content",
        "ListReply": ".content",
        "Location": ".content",
        "MediaItem": ".media",
        "Referral": ".content",
        "RepliedMessage": ".content",
        "Sender": ".sender",
        "TwilioStatusCallback": ".status",
        "TwilioWebhookPayload": ".message",
    },
)
