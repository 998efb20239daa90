"""Clients of the outside world, one package each: `client` has the public class, the other modules are its parts.

`X` is synchronous and `AsyncX` asynchronous, except `ServiceClient`, which its specification names so; its synchronous
counterpart is `SyncServiceClient`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.services.customer_lookup_client import AsyncCustomerLookupClient as AsyncCustomerLookupClient
    from ai_voice_shared.services.customer_lookup_client import CustomerLookupClient as CustomerLookupClient
    from ai_voice_shared.services.s3.client import S3Service as S3Service
    from ai_voice_shared.services.service_client import ServiceClient as ServiceClient
    from ai_voice_shared.services.service_client import SyncServiceClient as SyncServiceClient
    from ai_voice_shared.services.twilio_service import TwilioService as TwilioService

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "AsyncCustomerLookupClient": ".customer_lookup_client",
        "CustomerLookupClient": ".customer_lookup_client",
        "S3Service": ".s3.client",
        "ServiceClient": ".service_client",
        "SyncServiceClient": ".service_client",
        "TwilioService": ".twilio_service",
    },
)
