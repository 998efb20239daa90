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

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".base": ("AIVoiceError",),
        ".configuration": ("ConfigurationError", "InvalidSettingError", "MissingExtraError", "MissingSettingError"),
        ".media": (
            "MediaNotAllowedError",
            "MediaNotFoundError",
            "MediaTooLargeError",
            "MediaTypeError",
            "MediaUnavailableError",
            "TwilioMediaError",
        ),
        ".requests": (
            "AuthenticationError",
            "AuthorizationError",
            "ConflictError",
            "CustomerNotFoundError",
            "ExpiredTokenError",
            "InvalidApiKeyError",
            "InvalidPayloadError",
            "InvalidS3KeyError",
            "InvalidSignatureError",
            "InvalidTokenError",
            "NotFoundError",
            "PayloadTooLargeError",
            "PreconditionFailedError",
            "RateLimitedError",
            "UnsupportedMediaTypeError",
            "ValidationError",
        ),
        ".s3": (
            "S3AccessDeniedError",
            "S3BucketNotFoundError",
            "S3ConflictError",
            "S3Error",
            "S3IntegrityError",
            "S3InvalidRangeError",
            "S3NotFoundError",
            "S3NotModifiedError",
            "S3ObjectNotFoundError",
            "S3PreconditionFailedError",
            "S3ThrottledError",
            "S3TimeoutError",
            "S3TooLargeError",
            "S3UnavailableError",
        ),
        ".services": (
            "CircuitOpenError",
            "CustomerLookupError",
            "CustomerLookupUnavailableError",
            "DeadlineExceededError",
            "EventPublishError",
            "ServiceError",
            "ServiceResponseError",
            "ServiceTimeoutError",
            "ServiceUnavailableError",
        ),
    },
)
