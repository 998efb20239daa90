# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
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

__all__ = [
    "Button",
    "FlowReply",
    "ListReply",
    "Location",
    "MediaItem",
    "Referral",
    "RepliedMessage",
    "Sender",
    "TwilioStatusCallback",
    "TwilioWebhookPayload",
]
