"""Clients of the outside world, one package each: `client` has the public class, the other modules are its parts.

`X` is synchronous and `AsyncX` asynchronous, except `ServiceClient`, which its specification names so; its synchronous
counterpart is `SyncServiceClient`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.services.customer_lookup.client import AsyncCustomerLookupClient as AsyncCustomerLookupClient
    from ai_voice_shared.services.customer_lookup.client import CustomerLookupClient as CustomerLookupClient
    from ai_voice_shared.services.http_service.client import ServiceClient as ServiceClient
    from ai_voice_shared.services.http_service.client import SyncServiceClient as SyncServiceClient
    from ai_voice_shared.services.s3_service import S3Service as S3Service
    from ai_voice_shared.services.twilio.client import TwilioService as TwilioService

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "AsyncCustomerLookupClient": ".customer_lookup.client",
        "CustomerLookupClient": ".customer_lookup.client",
        "S3Service": ".s3_service",
        "ServiceClient": ".http_service.client",
        "SyncServiceClient": ".http_service.client",
        "TwilioService": ".twilio.client",
    },
)
