"""What comes from the environment: one typed class for each concern, read when it is made and frozen then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.settings.base import Settings as Settings
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings as CustomerLookupSettings
    from ai_voice_shared.settings.events import EventSettings as EventSettings
    from ai_voice_shared.settings.idempotency import IdempotencySettings as IdempotencySettings
    from ai_voice_shared.settings.s3 import S3Settings as S3Settings
    from ai_voice_shared.settings.security import ApiKeySettings as ApiKeySettings
    from ai_voice_shared.settings.security import SecuritySettings as SecuritySettings
    from ai_voice_shared.settings.twilio import TwilioSettings as TwilioSettings

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "ApiKeySettings": ".security",
        "CustomerLookupSettings": ".customer_lookup",
        "EventSettings": ".events",
        "IdempotencySettings": ".idempotency",
        "S3Settings": ".s3",
        "SecuritySettings": ".security",
        "Settings": ".base",
        "TwilioSettings": ".twilio",
    },
)
