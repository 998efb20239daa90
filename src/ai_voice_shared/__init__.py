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

from typing import Any

from ai_voice_shared._lazy import lazy_exports

_exported, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".app.service": ("create_service",),
        ".auth.internal": ("InternalAuthManager",),
        ".auth.public": ("PublicAuthManager",),
        ".domain.events.base": ("DomainEvent", "EventType"),
        ".errors": ("AIVoiceError",),
        ".events.async_publisher": ("AsyncEventPublisher",),
        ".events.consumer": ("parse_event",),
        ".events.publisher": ("EventPublisher",),
        ".models.customer": ("CustomerMetadata",),
        ".models.s3": ("S3ListResponse", "S3ObjectMetadata"),
        ".models.twilio.message": ("TwilioWebhookPayload",),
        ".models.twilio.status": ("TwilioStatusCallback",),
        ".observability.correlation": ("get_correlation_id", "use_correlation_id"),
        ".observability.logger": ("get_logger",),
        ".observability.tracing": ("get_tracer",),
        ".priming": ("enable_snapstart", "prime"),
        ".resilience.idempotency": ("handle_once",),
        ".services.customer_lookup.client": ("AsyncCustomerLookupClient", "CustomerLookupClient"),
        ".services.http_service.client": ("ServiceClient", "SyncServiceClient"),
        ".services.s3.client": ("S3Service",),
        ".services.s3.events": ("parse_s3_event",),
        ".services.s3.keys": ("S3Key", "build_key"),
        ".services.twilio.client": ("TwilioService",),
        ".settings.customer_lookup": ("CustomerLookupSettings",),
        ".settings.s3": ("S3Settings",),
        ".settings.twilio": ("TwilioSettings",),
        ".utils.deadline": ("Deadline", "use_deadline"),
        ".utils.twiml": ("message_response",),
    },
)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        # importlib.metadata costs milliseconds, and most functions never read the version.
        from importlib.metadata import version

        return version("ai-voice-shared")
    return _exported(name)
