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

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "AIVoiceError",
    "AuthenticationError",
    "AuthorizationError",
    "CircuitOpenError",
    "ConfigurationError",
    "ConflictError",
    "CustomerLookupError",
    "CustomerLookupUnavailableError",
    "CustomerNotFoundError",
    "DeadlineExceededError",
    "EventPublishError",
    "ExpiredTokenError",
    "InvalidApiKeyError",
    "InvalidPayloadError",
    "InvalidS3KeyError",
    "InvalidSettingError",
    "InvalidSignatureError",
    "InvalidTokenError",
    "MediaNotAllowedError",
    "MediaNotFoundError",
    "MediaTooLargeError",
    "MediaTypeError",
    "MediaUnavailableError",
    "MissingExtraError",
    "MissingSettingError",
    "NotFoundError",
    "PayloadTooLargeError",
    "PreconditionFailedError",
    "RateLimitedError",
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
    "ServiceError",
    "ServiceResponseError",
    "ServiceTimeoutError",
    "ServiceUnavailableError",
    "TwilioMediaError",
    "UnsupportedMediaTypeError",
    "ValidationError",
]


class AIVoiceError(Exception):
    """The root of the tree: `except AIVoiceError` catches all that this package raises on purpose.

    Parameters
    ----------
    message
        What went wrong and what to do, for a log line. No personal data.
    details
        One entry for each thing that is wrong, for the caller of an API.
    context
        Named facts for a structured log line: names of things, never personal data.

    Attributes
    ----------
    status : int
        The HTTP status that a service should answer with.
    code : str
        A stable name for machines.
    retryable : bool
        Whether the same call can succeed a moment later.

    Examples
    --------
    >>> error = AIVoiceError("the queue is full", context={"queue": "notes"})
    >>> str(error), error.status, error.context
    ('the queue is full', 500, {'queue': 'notes'})
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"
    retryable: ClassVar[bool] = False

    def __init__(
        self, message: str = "", *, details: Sequence[Any] = (), context: Mapping[str, Any] | None = None
    ) -> None:
        # `args` stays what the constructor was called with, so that errors can be copied and pickled.
        self.message = message or self.title
        self.details = list(details)
        self.context = dict(context or {})

    def __str__(self) -> str:
        return self.message


class ConfigurationError(AIVoiceError):
    """The function is set up wrongly; no retry will help, a deploy will."""

    code = "configuration_error"
    title = "Configuration error"


class MissingSettingError(ConfigurationError):
    """A required setting has no value.

    Parameters
    ----------
    setting
        The field of the settings class.
    settings_class
        The class's name.
    variables
        The environment variables that would have given it, first choice first.

    Examples
    --------
    >>> print(MissingSettingError("bucket_name", "S3Settings", ["S3_BUCKET_NAME"]))
    S3Settings.bucket_name is not set: set the environment variable S3_BUCKET_NAME, or pass bucket_name= to S3Settings
    """

    code = "missing_setting"
    title = "A required setting is missing"

    def __init__(self, setting: str = "", settings_class: str = "", variables: Sequence[str] = ()) -> None:
        names = " or ".join(variables) or setting.upper()
        super().__init__(
            f"{settings_class}.{setting} is not set: set the environment variable {names}, "
            f"or pass {setting}= to {settings_class}",
            context={"setting": setting, "settings_class": settings_class, "variables": list(variables)},
        )


class InvalidSettingError(ConfigurationError):
    """A setting has a value that cannot be used. The value itself is left out: it may be a secret.

    Examples
    --------
    >>> print(InvalidSettingError("port", "RedisSettings", ["REDIS_PORT"], "must be a number"))
    RedisSettings.port, from REDIS_PORT, is not usable: must be a number
    """

    code = "invalid_setting"
    title = "A setting is not usable"

    def __init__(
        self, setting: str = "", settings_class: str = "", variables: Sequence[str] = (), reason: str = ""
    ) -> None:
        source = f", from {' or '.join(variables)}," if variables else ""
        super().__init__(
            f"{settings_class}.{setting}{source} is not usable: {reason}",
            context={"setting": setting, "settings_class": settings_class, "variables": list(variables)},
        )


class MissingExtraError(ConfigurationError, ImportError):
    """A feature was used whose third-party package is not installed.

    Examples
    --------
    >>> print(MissingExtraError("auth", "jwt"))
    jwt is not installed: attach the extras layer, or install "ai-voice-shared[auth]"
    """

    code = "missing_extra"
    title = "An extra is not installed"

    def __init__(self, extra: str = "", package: str = "") -> None:
        super().__init__(
            f'{package} is not installed: attach the extras layer, or install "ai-voice-shared[{extra}]"',
            context={"extra": extra, "package": package},
        )


class ValidationError(AIVoiceError):
    """Input that was read and is not acceptable; `details` has an entry for each thing that is wrong."""

    status = 422
    code = "validation_error"
    title = "Validation failed"


class InvalidPayloadError(ValidationError):
    """A body or an event that cannot be read at all."""

    status = 400
    code = "invalid_payload"
    title = "The payload cannot be read"


class InvalidS3KeyError(ValidationError, ValueError):
    """An S3 key that would be unsafe or that S3 refuses."""

    code = "invalid_s3_key"
    title = "The S3 key is not usable"


class AuthenticationError(AIVoiceError):
    """Nobody knows who is asking."""

    status = 401
    code = "unauthenticated"
    title = "Authentication required"


class InvalidTokenError(AuthenticationError):
    """A JWT that is malformed, forged, or not meant for this. The token itself is left out.

    Parameters
    ----------
    message
        What is wrong with it.
    reason
        A word for machines (`"wrong_audience"`), for logs and metrics.
    """

    code = "invalid_token"
    title = "The token is not valid"

    def __init__(self, message: str = "", *, reason: str = "invalid", **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.reason = reason
        self.context.setdefault("reason", reason)


class ExpiredTokenError(InvalidTokenError):
    """A JWT whose time is over: refresh it, or log in again."""

    code = "expired_token"
    title = "The token has expired"

    def __init__(self, message: str = "", *, reason: str = "expired", **kwargs: Any) -> None:
        super().__init__(message, reason=reason, **kwargs)


class InvalidApiKeyError(AuthenticationError):
    """An API key that is unknown, wrong, expired or revoked. Which of them is not told."""

    code = "invalid_api_key"
    title = "The API key is not valid"


class AuthorizationError(AIVoiceError):
    """Who is asking may not have it."""

    status = 403
    code = "forbidden"
    title = "Not allowed"


class InvalidSignatureError(AuthorizationError):
    """A webhook whose signature is missing, or made with another token."""

    code = "invalid_signature"
    title = "The signature is not valid"


class NotFoundError(AIVoiceError):
    """The thing does not exist. Something that cannot be asked is not "not found".

    Parameters
    ----------
    resource
        The kind of thing (`"Subject"`).
    identifier
        Its id, where that is no personal data.

    Examples
    --------
    >>> print(NotFoundError("Subject", "123"))
    Subject '123' was not found
    """

    status = 404
    code = "not_found"
    title = "Not found"

    def __init__(self, resource: str = "", identifier: object = None, **kwargs: Any) -> None:
        name = resource or "The resource"
        text = f"{name} was not found" if identifier is None else f"{name} {str(identifier)!r} was not found"
        super().__init__(text, **kwargs)
        self.resource = resource
        self.identifier = identifier


class CustomerNotFoundError(NotFoundError):
    """Nobody is known by that number or id, which the error does not repeat."""

    code = "customer_not_found"
    title = "Customer not found"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("The customer", **kwargs)


class ConflictError(AIVoiceError):
    """The change does not fit the state that the thing is in."""

    status = 409
    code = "conflict"
    title = "Conflict"


class PreconditionFailedError(AIVoiceError):
    """The thing is not in the state that the caller made a condition."""

    status = 412
    code = "precondition_failed"
    title = "Precondition failed"


class PayloadTooLargeError(AIVoiceError):
    """More bytes than the limit."""

    status = 413
    code = "payload_too_large"
    title = "Too large"


class UnsupportedMediaTypeError(AIVoiceError):
    """A content type that is not handled."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"


class RateLimitedError(AIVoiceError):
    """Too many requests.

    Parameters
    ----------
    message
        What was limited.
    retry_after
        Seconds until the next try makes sense, where that is known.
    """

    status = 429
    code = "rate_limited"
    title = "Too many requests"
    retryable = True

    def __init__(self, message: str = "", *, retry_after: float | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.retry_after = retry_after


class ServiceError(AIVoiceError):
    """Something that we called did not do its part.

    Parameters
    ----------
    message
        What happened.
    service
        Its name (`"customer-lookup-server"`).
    status_code
        The HTTP status that it answered with, where it answered.
    retry_after
        Seconds that it asked us to wait, where it did.
    """

    status = 502
    code = "service_error"
    title = "A service that this one needs failed"

    def __init__(
        self,
        message: str = "",
        *,
        service: str = "",
        status_code: int | None = None,
        retry_after: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(message, **kwargs)
        self.service = service
        self.status_code = status_code
        self.retry_after = retry_after


class ServiceUnavailableError(ServiceError):
    """It could not be reached, or said that it cannot answer now."""

    status = 503
    code = "service_unavailable"
    title = "A service that this one needs is unavailable"
    retryable = True


class CircuitOpenError(ServiceUnavailableError):
    """It failed too often just now and is not asked again before the recovery time is over."""

    code = "circuit_open"
    title = "A service that this one needs is given time to recover"
    retryable = False


class ServiceTimeoutError(ServiceError):
    """It did not answer in time."""

    status = 504
    code = "service_timeout"
    title = "A service that this one needs did not answer in time"
    retryable = True


class DeadlineExceededError(ServiceTimeoutError):
    """The invocation has no time left for the call, so it was not made or was given up."""

    code = "deadline_exceeded"
    title = "No time left"
    retryable = False


class ServiceResponseError(ServiceError):
    """It answered with something that is not what was agreed."""

    code = "service_response"
    title = "A service that this one needs gave an unusable answer"


class EventPublishError(ServiceError):
    """Events that the bus did not take and that no dead-letter queue kept; they are lost unless they are sent again.

    Parameters
    ----------
    message
        What happened.
    event_ids
        The events that are meant.
    """

    code = "event_publish_failed"
    title = "Events could not be published"
    retryable = True

    def __init__(self, message: str = "", *, event_ids: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(message, service="events", **kwargs)
        self.event_ids = list(event_ids)
        self.context.setdefault("event_ids", self.event_ids)


class CustomerLookupError(ServiceError):
    """The customer lookup failed; whether the customer exists is not known."""

    code = "customer_lookup_error"
    title = "The customer lookup failed"


class CustomerLookupUnavailableError(CustomerLookupError):
    """The customer lookup server could not be asked; whether the customer exists is not known."""

    status = 503
    code = "customer_lookup_unavailable"
    title = "The customer lookup is unavailable"
    retryable = True


class TwilioMediaError(ServiceError):
    """A media item could not be fetched from Twilio."""

    code = "twilio_media_error"
    title = "The media could not be fetched"


class MediaNotAllowedError(TwilioMediaError):
    """A media URL that is not Twilio's, or not of our account and message. It was not asked for."""

    status = 422
    code = "media_not_allowed"
    title = "The media URL is not allowed"


class MediaNotFoundError(TwilioMediaError):
    """Twilio does not have the media, also after the retries that a fresh upload needs."""

    status = 404
    code = "media_not_found"
    title = "The media was not found"


class MediaTooLargeError(TwilioMediaError):
    """More bytes than the cap; what came before was thrown away."""

    status = 413
    code = "media_too_large"
    title = "The media is too large"


class MediaTypeError(TwilioMediaError):
    """Not the kind of media that was asked for."""

    status = 415
    code = "media_type"
    title = "The media is of another type"


class MediaUnavailableError(TwilioMediaError):
    """Twilio could not be asked, or said that it cannot answer now."""

    status = 503
    code = "media_unavailable"
    title = "The media is unavailable now"
    retryable = True


class S3Error(ServiceError):
    """An S3 operation failed; the botocore error is its `__cause__`.

    Parameters
    ----------
    message
        What happened.
    operation
        The S3 API operation (`"PutObject"`).
    bucket, key
        What it was about.
    request_id
        The id that AWS support asks for.
    error_code
        S3's own code (`"NoSuchKey"`).

    Examples
    --------
    >>> error = S3Error("it failed", operation="PutObject", bucket="notes", key="a/b.ogg", error_code="InternalError")
    >>> print(error)
    PutObject on s3://notes/a/b.ogg: it failed (InternalError)
    """

    code = "s3_error"
    title = "S3 failed"

    def __init__(
        self,
        message: str = "",
        *,
        operation: str = "",
        bucket: str = "",
        key: str | None = None,
        request_id: str = "",
        error_code: str = "",
        **kwargs: Any,
    ) -> None:
        where = f"s3://{bucket}/{key}" if key is not None else f"s3://{bucket}"
        suffix = f" ({error_code})" if error_code else ""
        context = {"operation": operation, "bucket": bucket, "key": key, "request_id": request_id}
        # Not super(): the second parents of the classes below (NotFoundError, ...) take other arguments.
        ServiceError.__init__(
            self,
            f"{operation or 'S3'} on {where}: {message or self.title}{suffix}",
            service="s3",
            context={**context, **kwargs.pop("context", {})},
            **kwargs,
        )
        self.operation = operation
        self.bucket = bucket
        self.key = key
        self.request_id = request_id
        self.error_code = error_code


class S3NotFoundError(S3Error, NotFoundError):
    """The bucket or the object does not exist."""

    status = 404
    code = "s3_not_found"
    title = "not found in S3"


class S3BucketNotFoundError(S3NotFoundError):
    """The bucket does not exist (`NoSuchBucket`)."""

    code = "s3_bucket_not_found"
    title = "the bucket does not exist"


class S3ObjectNotFoundError(S3NotFoundError):
    """The object does not exist (`NoSuchKey` from get, `404` from head)."""

    code = "s3_object_not_found"
    title = "the object does not exist"


class S3AccessDeniedError(S3Error, AuthorizationError):
    """The role, the bucket policy or expired credentials do not allow it."""

    status = 403
    code = "s3_access_denied"
    title = "access denied"


class S3PreconditionFailedError(S3Error, PreconditionFailedError):
    """`if_match` or `if_none_match` does not hold; nothing was written."""

    status = 412
    code = "s3_precondition_failed"
    title = "the condition does not hold"


class S3ConflictError(S3Error, ConflictError):
    """Another conditional write of the same key was under way (`ConditionalRequestConflict`)."""

    status = 409
    code = "s3_conflict"
    title = "another write was under way"
    retryable = True


class S3NotModifiedError(S3Error):
    """The object is the one that the caller has already."""

    status = 304
    code = "s3_not_modified"
    title = "not modified"


class S3InvalidRangeError(S3Error):
    """The range lies outside the object."""

    status = 416
    code = "s3_invalid_range"
    title = "the range is outside the object"


class S3ThrottledError(S3Error):
    """S3 asked to slow down, also after the retries."""

    status = 503
    code = "s3_throttled"
    title = "S3 asks to slow down"
    retryable = True


class S3IntegrityError(S3Error):
    """The bytes are not those that were stored: a checksum, a length or an ETag differs."""

    status = 502
    code = "s3_integrity"
    title = "the bytes do not fit their checksum"
    retryable = True


class S3TooLargeError(S3Error, PayloadTooLargeError):
    """More bytes than the caller's limit, or than S3's."""

    status = 413
    code = "s3_too_large"
    title = "too large"


class S3TimeoutError(S3Error):
    """No answer in time."""

    status = 504
    code = "s3_timeout"
    title = "no answer in time"
    retryable = True


class S3UnavailableError(S3Error):
    """S3 could not be reached, or answered 5xx, also after the retries."""

    status = 503
    code = "s3_unavailable"
    title = "S3 is unavailable"
    retryable = True
