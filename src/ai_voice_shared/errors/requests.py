"""What is wrong with a request: the errors that a caller has to mend."""

from __future__ import annotations

from typing import Any

from ai_voice_shared.errors.base import AIVoiceError

__all__ = [
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
]


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
