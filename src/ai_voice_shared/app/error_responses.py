"""Error responses: problem details (RFC 9457) for every exception, and the log line of each."""

from __future__ import annotations

import json
import logging
import math
import traceback
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import ServiceError as PowertoolsError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
    ResponseValidationError,
)

from ai_voice_shared.errors import (
    AIVoiceError,
    AuthenticationError,
    InvalidPayloadError,
    UnsupportedMediaTypeError,
    ValidationError,
)
from ai_voice_shared.observability.correlation import get_correlation_id
from ai_voice_shared.problems import PROBLEM_CONTENT_TYPE, to_problem

__all__ = ["MethodNotAllowedError", "RouteNotFoundError", "error_response", "to_package_error"]

_log = logging.getLogger(__name__)


class RouteNotFoundError(AIVoiceError):
    """No route matches the path. Its code differs from that of a resource that was not found."""

    status = 404
    code = "route_not_found"
    title = "Not Found"


class MethodNotAllowedError(AIVoiceError):
    """The path has routes, but none for this method.

    Parameters
    ----------
    allowed
        The methods that the path supports.
    """

    status = 405
    code = "method_not_allowed"
    title = "Method Not Allowed"

    def __init__(self, allowed: list[str] | None = None) -> None:
        super().__init__()
        self.allowed = allowed or []


class _PowertoolsHttpError(AIVoiceError):
    """An HTTP error of Powertools, which a route may raise as well."""

    def __init__(self, error: PowertoolsError) -> None:
        status = int(error.status_code)
        # Attributes of the instance, because Powertools' error carries any status.
        self.status = status  # type: ignore[misc] # a class variable everywhere else
        self.code = f"http_{status}"  # type: ignore[misc] # as above
        with suppress(ValueError):  # a status that is not registered has no phrase
            self.title = HTTPStatus(status).phrase  # type: ignore[misc] # as above
        text = error.msg if isinstance(error.msg, str) else ""
        super().__init__(text, details=[] if isinstance(error.msg, str) else [error.msg])


def to_package_error(error: Exception) -> AIVoiceError:
    """Return the equivalent error of this package; a plain `AIVoiceError` for an unknown exception.

    Parameters
    ----------
    error
        The exception that a route, a dependency or Powertools raised.
    """
    if isinstance(error, AIVoiceError):
        return error
    if isinstance(error, RequestUnsupportedContentType):
        return UnsupportedMediaTypeError("the body is neither JSON nor a form")
    if isinstance(error, RequestValidationError):
        # Location and kind of each fault, in pydantic's terms, without the value.
        details = [{"loc": [str(part) for part in item["loc"]], "type": item["type"]} for item in error.errors()]
        if any(item["type"] == "json_invalid" for item in details):
            return InvalidPayloadError("the body is not JSON")
        return ValidationError("the request does not match the schema", details=details)
    if isinstance(error, PowertoolsError):
        return _PowertoolsHttpError(error)
    return AIVoiceError()


def error_response(error: Exception, *, show: bool = False) -> Response[str]:
    """Return the response to an error, and log it.

    Parameters
    ----------
    error
        The exception that was raised.
    show
        Include the type, the message and the stack of an unknown error, for the developer of the service.
    """
    typed = to_package_error(error)
    _log_error(error, typed)
    problem = to_problem(typed)
    if show and typed.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        problem["detail"] = f"{type(error).__name__}: {error}"
        problem["stack"] = _stack(error)
    correlation_id = get_correlation_id()
    if correlation_id:
        problem["correlation_id"] = correlation_id
    return Response(
        status_code=typed.status,
        content_type=PROBLEM_CONTENT_TYPE,
        body=json.dumps(problem, default=str, separators=(",", ":")),
        headers=_get_headers(typed),
    )


def _get_headers(error: AIVoiceError) -> dict[str, str]:
    headers: dict[str, str] = {}
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None and math.isfinite(retry_after):
        headers["Retry-After"] = str(math.ceil(retry_after))
    if isinstance(error, AuthenticationError):
        from ai_voice_shared.auth.event_handler import get_challenge

        headers["WWW-Authenticate"] = get_challenge(error)
    if isinstance(error, MethodNotAllowedError):
        headers["Allow"] = ", ".join(error.allowed)
    return headers


def _log_error(error: Exception, typed: AIVoiceError) -> None:
    fields: dict[str, Any] = {"error_type": type(error).__name__, "error_code": typed.code}
    if isinstance(error, AIVoiceError):
        fields["error_context"] = error.context
    if typed.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.info("request rejected", extra=fields)
        return
    fields["cause"] = None if error.__cause__ is None else type(error.__cause__).__name__
    if isinstance(error, AIVoiceError):
        fields["error_message"] = error.message
    else:
        if isinstance(error, ResponseValidationError):
            fields["invalid_fields"] = [".".join(str(part) for part in item["loc"]) for item in error.errors()]
        # The text of an unknown error may contain personal data, and so may source lines; the stack does not.
        fields["stack"] = _stack(error)
    _log.error("request failed", extra=fields)


def _stack(error: Exception) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames][-20:]
