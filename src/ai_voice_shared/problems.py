"""Errors as problem details (RFC 9457), and problem details as errors.

A service responds to an error with `to_problem`; its caller restores the error from the response with
`error_from_problem`, so that `except NotFoundError:` means the same on both sides of the wire.

The response contains what the caller can act on: the code, the title, and for a client error the message and the
details. What happened behind the service (which bucket, which setting, which other service) is left out.
"""

from __future__ import annotations

from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any

from ai_voice_shared import errors
from ai_voice_shared.errors import (
    AIVoiceError,
    AuthenticationError,
    AuthorizationError,
    ConflictError,
    CustomerNotFoundError,
    InvalidPayloadError,
    NotFoundError,
    PayloadTooLargeError,
    PreconditionFailedError,
    RateLimitedError,
    ServiceError,
    ServiceResponseError,
    ServiceTimeoutError,
    ServiceUnavailableError,
    UnsupportedMediaTypeError,
    ValidationError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PROBLEM_CONTENT_TYPE", "error_from_problem", "retry_after_seconds", "to_problem"]

PROBLEM_CONTENT_TYPE = "application/problem+json"
"""The media type of problem details."""

_SERVER_ERROR = 500
_NOT_FOUND = 404
_MAX_TEXT = 500
_YEAR = 31_536_000.0
_BY_STATUS: Mapping[int, type[AIVoiceError]] = {
    400: InvalidPayloadError,
    401: AuthenticationError,
    403: AuthorizationError,
    404: NotFoundError,
    409: ConflictError,
    412: PreconditionFailedError,
    413: PayloadTooLargeError,
    415: UnsupportedMediaTypeError,
    422: ValidationError,
    429: RateLimitedError,
}
_UNAVAILABLE, _TIMEOUT = frozenset({500, 502, 503}), 504


def to_problem(error: Exception, instance: str | None = None) -> dict[str, Any]:
    """Return an error as problem details.

    Parameters
    ----------
    error
        An error of this package; any other is reported as an internal error only.
    instance
        A URI that identifies this occurrence.

    Returns
    -------
    dict
        `type`, `title` and `status`, as the RFC names them; `code`, the error's stable name; and where they apply
        `detail`, `errors` (one entry for each problem), `resource` and `identifier` of what was not found,
        `retry_after` in seconds, and `instance`.

    Examples
    --------
    >>> to_problem(NotFoundError("Subject", "123"))["detail"]
    "Subject '123' was not found"
    >>> to_problem(KeyError("+61400000000"))
    {'type': 'about:blank', 'title': 'Internal error', 'status': 500, 'code': 'internal_error'}
    """
    known = error if isinstance(error, AIVoiceError) else AIVoiceError()
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": known.title,
        "status": known.status,
        "code": known.code,
    }
    # A failure of a dependency is internal to this service, whatever status it leads to.
    if known.status < _SERVER_ERROR and not isinstance(known, ServiceError):
        if known.message != known.title:
            problem["detail"] = known.message
        if known.details:
            problem["errors"] = known.details
        if isinstance(known, NotFoundError) and not isinstance(known, CustomerNotFoundError) and known.resource:
            problem["resource"] = known.resource
            if known.identifier is not None:
                problem["identifier"] = str(known.identifier)
    retry_after = getattr(known, "retry_after", None)
    if retry_after is not None and isfinite(retry_after):
        problem["retry_after"] = retry_after
    if instance is not None:
        problem["instance"] = instance
    return problem


def error_from_problem(problem: object, status: int, service: str, *, retry_after: float | None = None) -> AIVoiceError:
    """Create an error from another service's error response.

    Parameters
    ----------
    problem
        The parsed body, or any other value if there was none. It is untrusted: the message contains only text that
        this package could have written.
    status
        The HTTP status, 400 or more.
    service
        The service that sent the response.
    retry_after
        Seconds to wait, from the response's `Retry-After`.

    Returns
    -------
    AIVoiceError
        For 4xx the error that the service raised, by its code, else by its status. A 404 that is not a problem
        document is a `ServiceResponseError`: the URL may be wrong, which is not "not found". For 5xx a
        `ServiceError`: a retryable one unless the service reports an error that is not.

    Examples
    --------
    >>> error = error_from_problem(to_problem(NotFoundError("Subject", "123")), 404, "subject-service")
    >>> type(error).__name__, error.identifier
    ('NotFoundError', '123')
    >>> type(error_from_problem("<html>", 404, "subject-service")).__name__
    'ServiceResponseError'
    """
    fields: Mapping[str, Any] = problem if isinstance(problem, dict) else {}
    code = fields.get("code")
    code = code[:64] if isinstance(code, str) and code.isascii() and code.isprintable() else ""
    named = _by_code().get(code)
    if status >= _SERVER_ERROR:
        return _create_server_error(named, status, service, retry_after)
    if named is None or named.status != status or issubclass(named, ServiceError):
        named = None
    # An unknown path is a mistake in the request, not a missing resource.
    is_about_resource = status != _NOT_FOUND or (bool(code) and code != "route_not_found")
    kind = named or (_BY_STATUS.get(status) if is_about_resource else None)
    message = f"{service} responded with {status}{f' ({code})' if code else ''}"
    if kind is None:
        return ServiceResponseError(message, service=service, status_code=status)
    error = _create_error(kind, fields if named else {}, retry_after)
    detail = fields.get("detail")
    if named is None:
        error.message = message
    elif isinstance(detail, str):
        error.message = detail[:_MAX_TEXT]
    error.context = {**error.context, "service": service, "status_code": status, "remote_code": code}
    return error


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return Retry-After in seconds, also of a date (RFC 9110 section 10.2.3); None if it is missing or invalid.

    Parameters
    ----------
    headers
        The headers, with names in lower case.

    Examples
    --------
    >>> retry_after_seconds({"retry-after": "7"})
    7.0
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdecimal():
        # A number with hundreds of digits becomes "inf", which neither JSON nor a header can contain.
        return min(float(text), _YEAR)
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _create_server_error(
    named: type[AIVoiceError] | None, status: int, service: str, retry_after: float | None
) -> ServiceError:
    message = f"{service} responded with {status}"
    arguments: dict[str, Any] = {"service": service, "status_code": status, "retry_after": retry_after}
    if named is not None and not named.retryable:
        # The service reported an error for which the same call fails again.
        return ServiceError(f"{message} ({named.code})", **arguments)
    if status == _TIMEOUT:
        return ServiceTimeoutError(message, **arguments)
    if status in _UNAVAILABLE:
        return ServiceUnavailableError(message, **arguments)
    return ServiceResponseError(message, **arguments)


def _create_error(kind: type[AIVoiceError], fields: Mapping[str, Any], retry_after: float | None) -> AIVoiceError:
    listed = fields.get("errors")
    details = listed if isinstance(listed, list) else []
    if issubclass(kind, CustomerNotFoundError):
        return kind(details=details)
    if issubclass(kind, NotFoundError):
        resource = fields.get("resource")
        return kind(resource if isinstance(resource, str) else "", fields.get("identifier"), details=details)
    if issubclass(kind, RateLimitedError):
        return kind(details=details, retry_after=retry_after)
    return kind(details=details)


@cache
def _by_code() -> Mapping[str, type[AIVoiceError]]:
    kinds = [getattr(errors, name) for name in errors.__all__]
    return {kind.code: kind for kind in kinds}
