# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
from ai_voice_shared.services.customer_lookup_client import AsyncCustomerLookupClient as AsyncCustomerLookupClient
from ai_voice_shared.services.customer_lookup_client import CustomerLookupClient as CustomerLookupClient
from ai_voice_shared.services.s3.client import S3Service as S3Service
from ai_voice_shared.services.service_client import ServiceClient as ServiceClient
from ai_voice_shared.services.service_client import SyncServiceClient as SyncServiceClient
from ai_voice_shared.services.twilio_service import TwilioService as TwilioService

__all__ = [
    "AsyncCustomerLookupClient",
    "CustomerLookupClient",
    "S3Service",
    "ServiceClient",
    "SyncServiceClient",
    "TwilioService",
]
