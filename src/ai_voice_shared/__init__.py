"""The shared code of the AI Voice Tool, shipped as AWS Lambda layers.

Every name is imported on first use, so `import ai_voice_shared` loads none of boto3, httpx, pydantic and the X-Ray
SDK.

Examples
--------
>>> from ai_voice_shared import S3Settings
>>> S3Settings(bucket_name="voice-notes").bucket_name
'voice-notes'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.app.service import create_service as create_service
    from ai_voice_shared.auth.internal import InternalAuthManager as InternalAuthManager
    from ai_voice_shared.auth.public import PublicAuthManager as PublicAuthManager
    from ai_voice_shared.domain.events.base import DomainEvent as DomainEvent
    from ai_voice_shared.domain.events.base import EventType as EventType
    from ai_voice_shared.errors import AIVoiceError as AIVoiceError
    from ai_voice_shared.events.async_publisher import AsyncEventPublisher as AsyncEventPublisher
    from ai_voice_shared.events.consumer import parse_event as parse_event
    from ai_voice_shared.events.publisher import EventPublisher as EventPublisher
    from ai_voice_shared.models.customer import CustomerMetadata as CustomerMetadata
    from ai_voice_shared.models.s3 import S3ListResponse as S3ListResponse
    from ai_voice_shared.models.s3 import S3ObjectMetadata as S3ObjectMetadata
    from ai_voice_shared.models.twilio.message import TwilioWebhookPayload as TwilioWebhookPayload
    from ai_voice_shared.models.twilio.status import TwilioStatusCallback as TwilioStatusCallback
    from ai_voice_shared.observability.correlation import get_correlation_id as get_correlation_id
    from ai_voice_shared.observability.correlation import use_correlation_id as use_correlation_id
    from ai_voice_shared.observability.logger import get_logger as get_logger
    from ai_voice_shared.observability.tracing import get_tracer as get_tracer
    from ai_voice_shared.priming import enable_snapstart as enable_snapstart
    from ai_voice_shared.priming import prime as prime
    from ai_voice_shared.resilience.idempotency import handle_once as handle_once
    from ai_voice_shared.services.customer_lookup_client import AsyncCustomerLookupClient as AsyncCustomerLookupClient
    from ai_voice_shared.services.customer_lookup_client import CustomerLookupClient as CustomerLookupClient
    from ai_voice_shared.services.s3.client import S3Service as S3Service
    from ai_voice_shared.services.s3.events import parse_s3_event as parse_s3_event
    from ai_voice_shared.services.s3.keys import S3Key as S3Key
    from ai_voice_shared.services.s3.keys import build_key as build_key
    from ai_voice_shared.services.service_client import ServiceClient as ServiceClient
    from ai_voice_shared.services.service_client import SyncServiceClient as SyncServiceClient
    from ai_voice_shared.services.twilio_service import TwilioService as TwilioService
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings as CustomerLookupSettings
    from ai_voice_shared.settings.s3 import S3Settings as S3Settings
    from ai_voice_shared.settings.twilio import TwilioSettings as TwilioSettings
    from ai_voice_shared.utils.deadline import Deadline as Deadline
    from ai_voice_shared.utils.deadline import use_deadline as use_deadline
    from ai_voice_shared.utils.twiml import message_response as message_response

    __version__: str

_exported, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "AIVoiceError": ".errors",
        "AsyncCustomerLookupClient": ".services.customer_lookup.client",
        "AsyncEventPublisher": ".events.async_publisher",
        "CustomerLookupClient": ".services.customer_lookup.client",
        "CustomerLookupSettings": ".settings.customer_lookup",
        "CustomerMetadata": ".models.customer",
        "Deadline": ".utils.deadline",
        "DomainEvent": ".domain.events.base",
        "EventPublisher": ".events.publisher",
        "EventType": ".domain.events.base",
        "InternalAuthManager": ".auth.internal",
        "PublicAuthManager": ".auth.public",
        "S3Key": ".services.s3.keys",
        "S3ListResponse": ".models.s3",
        "S3ObjectMetadata": ".models.s3",
        "S3Service": ".services.s3.client",
        "S3Settings": ".settings.s3",
        "ServiceClient": ".services.http_service.client",
        "SyncServiceClient": ".services.http_service.client",
        "TwilioService": ".services.twilio.client",
        "TwilioSettings": ".settings.twilio",
        "TwilioStatusCallback": ".models.twilio.status",
        "TwilioWebhookPayload": ".models.twilio.message",
        "build_key": ".services.s3.keys",
        "create_service": ".app.service",
        "enable_snapstart": ".priming",
        "get_correlation_id": ".observability.correlation",
        "get_logger": ".observability.logger",
        "get_tracer": ".observability.tracing",
        "handle_once": ".resilience.idempotency",
        "message_response": ".utils.twiml",
        "parse_event": ".events.consumer",
        "parse_s3_event": ".services.s3.events",
        "prime": ".priming",
        "use_correlation_id": ".observability.correlation",
        "use_deadline": ".utils.deadline",
    },
)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        # importlib.metadata costs milliseconds; most functions never ask.
        from importlib.metadata import version

        return version("ai-voice-shared")
    return _exported(name)
