"""Every error that the package raises, as one tree.

::

    AIVoiceError                              500
    ├── ConfigurationError                    500
    │   ├── MissingSettingError                    a required variable is not set
    │   ├── InvalidSettingError                    a variable is set to something unusable
    │   └── MissingExtraError                      a third-party package (an extra) is not installed
    ├── ValidationError                       422  input that was understood and is not acceptable
    │   ├── InvalidPayloadError               400  a body or an event that cannot be read at all
    │   └── InvalidS3KeyError                      a key made of unsafe parts
    ├── AuthenticationError                   401
    │   ├── InvalidTokenError                      a JWT that is malformed, forged, or not meant for this
    │   │   └── ExpiredTokenError                  it was good once
    │   └── InvalidApiKeyError                     an API key that is unknown, wrong, expired or revoked
    ├── AuthorizationError                    403
    │   └── InvalidSignatureError                  a webhook that Twilio did not sign
    ├── NotFoundError                         404
    │   └── CustomerNotFoundError                  what the customer-lookup-server answers for a stranger
    ├── ConflictError                         409
    ├── PreconditionFailedError               412
    ├── PayloadTooLargeError                  413
    ├── UnsupportedMediaTypeError             415
    ├── RateLimitedError                      429  retryable; `retry_after` in seconds
    └── ServiceError                          502  something we called did not do its part
        ├── ServiceUnavailableError           503  retryable
        │   └── CircuitOpenError                   not even asked: it failed too often just now
        ├── ServiceTimeoutError               504  retryable
        │   └── DeadlineExceededError              the invocation has no time left for it
        ├── ServiceResponseError              502  an answer that is not what was agreed
        ├── EventPublishError                 502  retryable; events that the bus did not take and nobody kept
        ├── CustomerLookupError               502
        │   └── CustomerLookupUnavailableError 503 retryable; never "not found"
        ├── TwilioMediaError                  502
        │   ├── MediaNotAllowedError          422  a URL that is not Twilio's, or not ours
        │   ├── MediaNotFoundError            404  gone, after the retries that a fresh upload needs
        │   ├── MediaTooLargeError            413
        │   ├── MediaTypeError                415  not the kind of media that was asked for
        │   └── MediaUnavailableError         503  retryable
        └── S3Error                           502  with operation, bucket, key and request id
            ├── S3NotFoundError               404  (S3BucketNotFoundError, S3ObjectNotFoundError)
            ├── S3AccessDeniedError           403
            ├── S3PreconditionFailedError     412
            ├── S3ConflictError               409  retryable
            ├── S3NotModifiedError            304
            ├── S3InvalidRangeError           416
            ├── S3ThrottledError              503  retryable
            ├── S3IntegrityError              502  retryable; the bytes are not those that were sent
            ├── S3TooLargeError               413
            ├── S3TimeoutError                504  retryable
            └── S3UnavailableError            503  retryable

Messages hold names of things (settings, operations, buckets, keys, ids), never personal data. Each class has the
HTTP status that a service should answer with, a stable `code` for machines, and says whether a retry can help.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.errors.base import AIVoiceError as AIVoiceError
    from ai_voice_shared.errors.configuration import ConfigurationError as ConfigurationError
    from ai_voice_shared.errors.configuration import InvalidSettingError as InvalidSettingError
    from ai_voice_shared.errors.configuration import MissingExtraError as MissingExtraError
    from ai_voice_shared.errors.configuration import MissingSettingError as MissingSettingError
    from ai_voice_shared.errors.media import MediaNotAllowedError as MediaNotAllowedError
    from ai_voice_shared.errors.media import MediaNotFoundError as MediaNotFoundError
    from ai_voice_shared.errors.media import MediaTooLargeError as MediaTooLargeError
    from ai_voice_shared.errors.media import MediaTypeError as MediaTypeError
    from ai_voice_shared.errors.media import MediaUnavailableError as MediaUnavailableError
    from ai_voice_shared.errors.media import TwilioMediaError as TwilioMediaError
    from ai_voice_shared.errors.requests import AuthenticationError as AuthenticationError
    from ai_voice_shared.errors.requests import AuthorizationError as AuthorizationError
    from ai_voice_shared.errors.requests import ConflictError as ConflictError
    from ai_voice_shared.errors.requests import CustomerNotFoundError as CustomerNotFoundError
    from ai_voice_shared.errors.requests import ExpiredTokenError as ExpiredTokenError
    from ai_voice_shared.errors.requests import InvalidApiKeyError as InvalidApiKeyError
    from ai_voice_shared.errors.requests import InvalidPayloadError as InvalidPayloadError
    from ai_voice_shared.errors.requests import InvalidS3KeyError as InvalidS3KeyError
    from ai_voice_shared.errors.requests import InvalidSignatureError as InvalidSignatureError
    from ai_voice_shared.errors.requests import InvalidTokenError as InvalidTokenError
    from ai_voice_shared.errors.requests import NotFoundError as NotFoundError
    from ai_voice_shared.errors.requests import PayloadTooLargeError as PayloadTooLargeError
    from ai_voice_shared.errors.requests import PreconditionFailedError as PreconditionFailedError
    from ai_voice_shared.errors.requests import RateLimitedError as RateLimitedError
    from ai_voice_shared.errors.requests import UnsupportedMediaTypeError as UnsupportedMediaTypeError
    from ai_voice_shared.errors.requests import ValidationError as ValidationError
    from ai_voice_shared.errors.s3 import S3AccessDeniedError as S3AccessDeniedError
    from ai_voice_shared.errors.s3 import S3BucketNotFoundError as S3BucketNotFoundError
    from ai_voice_shared.errors.s3 import S3ConflictError as S3ConflictError
    from ai_voice_shared.errors.s3 import S3Error as S3Error
    from ai_voice_shared.errors.s3 import S3IntegrityError as S3IntegrityError
    from ai_voice_shared.errors.s3 import S3InvalidRangeError as S3InvalidRangeError
    from ai_voice_shared.errors.s3 import S3NotFoundError as S3NotFoundError
    from ai_voice_shared.errors.s3 import S3NotModifiedError as S3NotModifiedError
    from ai_voice_shared.errors.s3 import S3ObjectNotFoundError as S3ObjectNotFoundError
    from ai_voice_shared.errors.s3 import S3PreconditionFailedError as S3PreconditionFailedError
    from ai_voice_shared.errors.s3 import S3ThrottledError as S3ThrottledError
    from ai_voice_shared.errors.s3 import S3TimeoutError as S3TimeoutError
    from ai_voice_shared.errors.s3 import S3TooLargeError as S3TooLargeError
    from ai_voice_shared.errors.s3 import S3UnavailableError as S3UnavailableError
    from ai_voice_shared.errors.services import CircuitOpenError as CircuitOpenError
    from ai_voice_shared.errors.services import CustomerLookupError as CustomerLookupError
    from ai_voice_shared.errors.services import CustomerLookupUnavailableError as CustomerLookupUnavailableError
    from ai_voice_shared.errors.services import DeadlineExceededError as DeadlineExceededError
    from ai_voice_shared.errors.services import EventPublishError as EventPublishError
    from ai_voice_shared.errors.services import ServiceError as ServiceError
    from ai_voice_shared.errors.services import ServiceResponseError as ServiceResponseError
    from ai_voice_shared.errors.services import ServiceTimeoutError as ServiceTimeoutError
    from ai_voice_shared.errors.services import ServiceUnavailableError as ServiceUnavailableError

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "AIVoiceError": ".base",
        "AuthenticationError": ".requests",
        "AuthorizationError": ".requests",
        "CircuitOpenError": ".services",
        "ConfigurationError": ".configuration",
        "ConflictError": ".requests",
        "CustomerLookupError": ".services",
        "CustomerLookupUnavailableError": ".services",
        "CustomerNotFoundError": ".requests",
        "DeadlineExceededError": ".services",
        "EventPublishError": ".services",
        "ExpiredTokenError": ".requests",
        "InvalidApiKeyError": ".requests",
        "InvalidPayloadError": ".requests",
        "InvalidS3KeyError": ".requests",
        "InvalidSettingError": ".configuration",
        "InvalidSignatureError": ".requests",
        "InvalidTokenError": ".requests",
        "MediaNotAllowedError": ".media",
        "MediaNotFoundError": ".media",
        "MediaTooLargeError": ".media",
        "MediaTypeError": ".media",
        "MediaUnavailableError": ".media",
        "MissingExtraError": ".configuration",
        "MissingSettingError": ".configuration",
        "NotFoundError": ".requests",
        "PayloadTooLargeError": ".requests",
        "PreconditionFailedError": ".requests",
        "RateLimitedError": ".requests",
        "S3AccessDeniedError": ".s3",
        "S3BucketNotFoundError": ".s3",
        "S3ConflictError": ".s3",
        "S3Error": ".s3",
        "S3IntegrityError": ".s3",
        "S3InvalidRangeError": ".s3",
        "S3NotFoundError": ".s3",
        "S3NotModifiedError": ".s3",
        "S3ObjectNotFoundError": ".s3",
        "S3PreconditionFailedError": ".s3",
        "S3ThrottledError": ".s3",
        "S3TimeoutError": ".s3",
        "S3TooLargeError": ".s3",
        "S3UnavailableError": ".s3",
        "ServiceError": ".services",
        "ServiceResponseError": ".services",
        "ServiceTimeoutError": ".services",
        "ServiceUnavailableError": ".services",
        "TwilioMediaError": ".media",
        "UnsupportedMediaTypeError": ".requests",
        "ValidationError": ".requests",
    },
)
