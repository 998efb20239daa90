"""Every error that the package raises, as one tree.

::

    AIVoiceError                              500
    ├── ConfigurationError                    500
    │   ├── MissingSettingError                    a required variable is not set
    │   ├── InvalidSettingError                    a variable is set to something unusable
    │   └── MissingExtraError                      a third-party package (an extra) is not installed
    ├── ValidationError                       422  input that is well-formed and not valid
    │   ├── InvalidPayloadError               400  a body or an event that cannot be parsed
    │   └── InvalidS3KeyError                      a key with unsafe parts
    ├── AuthenticationError                   401
    │   ├── InvalidTokenError                      a JWT that is malformed, forged, or meant for another use
    │   │   └── ExpiredTokenError                  a JWT that was valid once
    │   └── InvalidApiKeyError                     an API key that is unknown, wrong, expired or revoked
    ├── AuthorizationError                    403
    │   └── InvalidSignatureError                  a webhook that Twilio did not sign
    ├── NotFoundError                         404
    │   └── CustomerNotFoundError                  the customer lookup does not know the sender
    ├── ConflictError                         409
    ├── PreconditionFailedError               412
    ├── PayloadTooLargeError                  413
    ├── UnsupportedMediaTypeError             415
    ├── RateLimitedError                      429  retryable; `retry_after` in seconds
    └── ServiceError                          502  a dependency failed
        ├── ServiceUnavailableError           503  retryable
        │   └── CircuitOpenError                   no request was sent: the circuit breaker is open
        ├── ServiceTimeoutError               504  retryable
        │   └── DeadlineExceededError              the invocation has no time left for the call
        ├── ServiceResponseError              502  a response that violates the contract
        ├── EventPublishError                 502  retryable; events that neither the bus nor a queue accepted
        ├── CustomerLookupError               502
        │   └── CustomerLookupUnavailableError 503 retryable; never "not found"
        ├── TwilioMediaError                  502
        │   ├── MediaNotAllowedError          422  a URL of another host, account or message
        │   ├── MediaNotFoundError            404  also after the retries that a fresh upload needs
        │   ├── MediaTooLargeError            413
        │   ├── MediaTypeError                415  another kind of media than was requested
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

Messages contain names of resources (settings, operations, buckets, keys, ids), never personal data. Each class has
the HTTP status that a service should respond with, a stable `code` for machines, and whether it is `retryable`.
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
