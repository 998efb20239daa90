# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
from ai_voice_shared.models.customer import CustomerMetadata as CustomerMetadata
from ai_voice_shared.models.s3 import S3ListResponse as S3ListResponse
from ai_voice_shared.models.s3 import S3ObjectMetadata as S3ObjectMetadata
from ai_voice_shared.models.twilio.media import MediaItem as MediaItem
from ai_voice_shared.models.twilio.message import TwilioWebhookPayload as TwilioWebhookPayload
from ai_voice_shared.models.twilio.sender import Sender as Sender
from ai_voice_shared.models.twilio.status import TwilioStatusCallback as TwilioStatusCallback

__all__ = [
    "CustomerMetadata",
    "MediaItem",
    "S3ListResponse",
    "S3ObjectMetadata",
    "Sender",
    "TwilioStatusCallback",
    "TwilioWebhookPayload",
]
