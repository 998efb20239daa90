"""Clients of external services, one package each: `client` has the public class, the other modules are its parts.

`X` is synchronous and `AsyncX` asynchronous, except `ServiceClient`, which its specification names so; its synchronous
counterpart is `SyncServiceClient`.
"""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".customer_lookup_client": ("AsyncCustomerLookupClient", "CustomerLookupClient"),
        ".s3.client": ("S3Service",),
        ".service_client": ("ServiceClient", "SyncServiceClient"),
        ".twilio_service": ("TwilioService",),
    },
)
