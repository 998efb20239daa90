"""Errors as answers: problem details (RFC 9457) for whatever was raised, and the line that is logged of it."""

from __future__ import annotations

import json
import logging
import math
import traceback
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MethodNotAllowedError", "RouteNotFoundError", "answer_error", "as_typed"]

_log = logging.getLogger(__name__)
_SERVER_ERROR = 500


class RouteNotFoundError(AIVoiceError):
    """No route has this path. Its code is another than that of a thing that was not found."""

    status = 404
    code = "route_not_found"
    title = "There is no such path"


class MethodNotAllowedError(AIVoiceError):
    """The path has routes, but none with this method.

    Parameters
    ----------
    allowed
        The methods that it has.
    """

    status = 405
    code = "method_not_allowed"
    title = "The path does not take this method"

    def __init__(self, allowed: list[str] | None = None) -> None:
        super().__init__()
        self.allowed = allowed or []


class _ForeignError(AIVoiceError):
    """An HTTP error of Powertools, which a route may raise as well."""

    def __init__(self, error: PowertoolsError) -> None:
        status = int(error.status_code)
        text = error.msg if isinstance(error.msg, str) else ""
        super().__init__(text, details=[] if isinstance(error.msg, str) else [error.msg])
        # An instance's own status: Powertools' error carries any.
        self.status = status  # type: ignore[misc] # a class variable everywhere else
        self.code = f"http_{status}"  # type: ignore[misc] # as above


def as_typed(error: Exception) -> AIVoiceError:
    """Give the error of this package that says the same; an `AIVoiceError` of its own kind for what is unknown.

    Parameters
    ----------
    error
        Whatever a route, a dependency or Powertools raised.
    """
    if isinstance(error, AIVoiceError):
        return error
    if isinstance(error, RequestUnsupportedContentType):
        return UnsupportedMediaTypeError("the body is neither JSON nor a form")
    if isinstance(error, RequestValidationError):
        # Where it is wrong and how, in pydantic's words; what stands there is not repeated.
        wrong = [{"loc": [str(part) for part in one["loc"]], "type": one["type"]} for one in error.errors()]
        if any(one["type"] == "json_invalid" for one in wrong):
            return InvalidPayloadError("the body is not JSON")
        return ValidationError("the request does not fit the schema", details=wrong)
    if isinstance(error, PowertoolsError):
        return _ForeignError(error)
    return AIVoiceError()


def answer_error(error: Exception, *, show: bool = False) -> Response[str]:
    """Make the answer to an error, and log it.

    Parameters
    ----------
    error
        Whatever was raised.
    show
        Show what an unknown error was, for the eyes of the one who writes the service.
    """
    typed = as_typed(error)
    _log_error(error, typed)
    problem = to_problem(typed)
    if show and typed.status >= _SERVER_ERROR:
        problem["detail"] = f"{type(error).__name__}: {error}"
        problem["stack"] = _stack(error)
    correlation_id = get_correlation_id()
    if correlation_id:
        problem["correlation_id"] = correlation_id
    return Response(
        status_code=typed.status,
        content_type=PROBLEM_CONTENT_TYPE,
        body=json.dumps(problem, default=str, separators=(",", ":")),
        headers=dict(_headers_of(typed)),
    )


def _headers_of(error: AIVoiceError) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None and math.isfinite(retry_after):
        headers["Retry-After"] = str(math.ceil(retry_after))
    if isinstance(error, AuthenticationError):
        from ai_voice_shared.auth.event_handler import challenge_of

        headers["WWW-Authenticate"] = challenge_of(error)
    if isinstance(error, MethodNotAllowedError):
        headers["Allow"] = ", ".join(error.allowed)
    return headers


def _log_error(error: Exception, typed: AIVoiceError) -> None:
    facts: dict[str, Any] = {"error_type": type(error).__name__, "error_code": typed.code}
    if isinstance(error, AIVoiceError):
        facts["error_context"] = error.context
        if typed.status >= _SERVER_ERROR:
            facts["error_message"] = error.message
            _log.error("the request failed", extra={**facts, "cause": _kind(error.__cause__)})
        else:
            _log.info("the request was refused", extra=facts)
    elif typed.status >= _SERVER_ERROR:
        if isinstance(error, ResponseValidationError):
            facts["places"] = [".".join(str(part) for part in one["loc"]) for one in error.errors()]
        # The text of an unknown error may hold anything, and so may the source lines; where it came from does not.
        facts["stack"] = _stack(error)
        _log.error("the request failed", extra={**facts, "cause": _kind(error.__cause__)})
    else:
        _log.info("the request was refused", extra=facts)


def _stack(error: Exception) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames][-20:]


def _kind(error: BaseException | None) -> str | None:
    return None if error is None else type(error).__name__
