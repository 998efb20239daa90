"""Errors of a request, which its caller has to fix."""

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
    """The input is well-formed and not valid; `details` has one entry for each problem."""

    status = 422
    code = "validation_error"
    title = "Validation failed"


class InvalidPayloadError(ValidationError):
    """A body or an event cannot be parsed."""

    status = 400
    code = "invalid_payload"
    title = "The payload cannot be parsed"


class InvalidS3KeyError(ValidationError, ValueError):
    """An S3 key is unsafe, or S3 would reject it."""

    code = "invalid_s3_key"
    title = "The S3 key is not valid"


class AuthenticationError(AIVoiceError):
    """The request carries no valid credentials."""

    status = 401
    code = "unauthenticated"
    title = "Authentication required"


class InvalidTokenError(AuthenticationError):
    """A JWT is malformed, forged, or meant for another use. The token itself is left out.

    Parameters
    ----------
    message
        What is wrong with the token.
    reason
        A stable name (`"wrong_audience"`) for logs and metrics.
    """

    code = "invalid_token"
    title = "The token is not valid"

    def __init__(self, message: str = "", *, reason: str = "invalid", **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.reason = reason
        self.context.setdefault("reason", reason)


class ExpiredTokenError(InvalidTokenError):
    """A JWT has expired: refresh it, or log in again."""

    code = "expired_token"
    title = "The token has expired"

    def __init__(self, message: str = "", *, reason: str = "expired", **kwargs: Any) -> None:
        super().__init__(message, reason=reason, **kwargs)


class InvalidApiKeyError(AuthenticationError):
    """An API key is unknown, wrong, expired or revoked. The error does not reveal which."""

    code = "invalid_api_key"
    title = "The API key is not valid"


class AuthorizationError(AIVoiceError):
    """The caller does not have the permission."""

    status = 403
    code = "forbidden"
    title = "Not allowed"


class InvalidSignatureError(AuthorizationError):
    """A webhook's signature is missing, or was made with another token."""

    code = "invalid_signature"
    title = "The signature is not valid"


class NotFoundError(AIVoiceError):
    """The resource does not exist. A dependency that cannot be reached is not "not found".

    Parameters
    ----------
    resource
        The kind of resource (`"Subject"`).
    identifier
        Its id, unless that is personal data.

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
    """No customer has that number or id, which the error does not repeat."""

    code = "customer_not_found"
    title = "Customer not found"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("The customer", **kwargs)


class ConflictError(AIVoiceError):
    """The change conflicts with the current state of the resource."""

    status = 409
    code = "conflict"
    title = "Conflict"


class PreconditionFailedError(AIVoiceError):
    """A condition of the request does not hold for the current state of the resource."""

    status = 412
    code = "precondition_failed"
    title = "Precondition failed"


class PayloadTooLargeError(AIVoiceError):
    """The payload has more bytes than the limit."""

    status = 413
    code = "payload_too_large"
    title = "The payload is too large"


class UnsupportedMediaTypeError(AIVoiceError):
    """The content type is not supported."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"


class RateLimitedError(AIVoiceError):
    """The caller sent too many requests.

    Parameters
    ----------
    message
        What was limited.
    retry_after
        Seconds to wait before a retry, if known.
    """

    status = 429
    code = "rate_limited"
    title = "Too many requests"
    retryable = True

    def __init__(self, message: str = "", *, retry_after: float | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.retry_after = retry_after
