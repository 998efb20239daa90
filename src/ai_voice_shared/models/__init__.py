"""What comes over the wire, typed and frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.models.customer import CustomerMetadata as CustomerMetadata
    from ai_voice_shared.models.s3 import S3ListResponse as S3ListResponse
    from ai_voice_shared.models.s3 import S3ObjectMetadata as S3ObjectMetadata
    from ai_voice_shared.models.twilio.media import MediaItem as MediaItem
    from ai_voice_shared.models.twilio.message import TwilioWebhookPayload as TwilioWebhookPayload
    from ai_voice_shared.models.twilio.sender import Sender as Sender
    from ai_voice_shared.models.twilio.status import TwilioStatusCallback as TwilioStatusCallback

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "CustomerMetadata": ".customer",
        "MediaItem": ".twilio.media",
        "S3ListResponse": ".s3",
        "S3ObjectMetadata": ".s3",
        "Sender": ".twilio.sender",
        "TwilioStatusCallback": ".twilio.status",
        "TwilioWebhookPayload": ".twilio.message",
    },
)
