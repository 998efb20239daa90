# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
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
from ai_voice_shared.services.customer_lookup.client import AsyncCustomerLookupClient as AsyncCustomerLookupClient
from ai_voice_shared.services.customer_lookup.client import CustomerLookupClient as CustomerLookupClient
from ai_voice_shared.services.http_service.client import ServiceClient as ServiceClient
from ai_voice_shared.services.http_service.client import SyncServiceClient as SyncServiceClient
from ai_voice_shared.services.s3.client import S3Service as S3Service
from ai_voice_shared.services.s3.events import parse_s3_event as parse_s3_event
from ai_voice_shared.services.s3.keys import S3Key as S3Key
from ai_voice_shared.services.s3.keys import build_key as build_key
from ai_voice_shared.services.twilio.client import TwilioService as TwilioService
from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings as CustomerLookupSettings
from ai_voice_shared.settings.s3 import S3Settings as S3Settings
from ai_voice_shared.settings.twilio import TwilioSettings as TwilioSettings
from ai_voice_shared.utils.deadline import Deadline as Deadline
from ai_voice_shared.utils.deadline import use_deadline as use_deadline
from ai_voice_shared.utils.twiml import message_response as message_response

__version__: str

__all__ = [
    "AIVoiceError",
    "AsyncCustomerLookupClient",
    "AsyncEventPublisher",
    "CustomerLookupClient",
    "CustomerLookupSettings",
    "CustomerMetadata",
    "Deadline",
    "DomainEvent",
    "EventPublisher",
    "EventType",
    "InternalAuthManager",
    "PublicAuthManager",
    "S3Key",
    "S3ListResponse",
    "S3ObjectMetadata",
    "S3Service",
    "S3Settings",
    "ServiceClient",
    "SyncServiceClient",
    "TwilioService",
    "TwilioSettings",
    "TwilioStatusCallback",
    "TwilioWebhookPayload",
    "build_key",
    "create_service",
    "enable_snapstart",
    "get_correlation_id",
    "get_logger",
    "get_tracer",
    "handle_once",
    "message_response",
    "parse_event",
    "parse_s3_event",
    "prime",
    "use_correlation_id",
    "use_deadline",
]
