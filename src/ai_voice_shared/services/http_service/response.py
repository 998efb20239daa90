"""Responses of a service: JSON, or the error that the service raised."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import ServiceResponseError
from ai_voice_shared.problems import error_from_problem, retry_after_seconds

if TYPE_CHECKING:
    from ai_voice_shared.http import HttpResponse

__all__ = ["check_response", "parse_json"]


def check_response(response: HttpResponse, service: str) -> HttpResponse:
    """Return a successful response; raise the error that an error response reports.

    Examples
    --------
    >>> from ai_voice_shared.http import HttpResponse
    >>> check_response(HttpResponse(200, {}, b"{}"), "note-service")
    HttpResponse(200, 2 bytes)
    >>> check_response(HttpResponse(503, {}, b""), "note-service")
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.services.ServiceUnavailableError: ...
    """
    status = response.status_code
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return response
    if status < HTTPStatus.BAD_REQUEST:
        msg = f"{service} responded with {status}: redirects are not followed"
        raise ServiceResponseError(msg, service=service, status_code=status)
    try:
        problem = response.json()
    except ValueError:
        problem = None
    raise error_from_problem(problem, status, service, retry_after=retry_after_seconds(response.headers))


def parse_json(response: HttpResponse, service: str) -> Any:
    """Parse the body of a response; return None if it is empty.

    Raises
    ------
    ServiceResponseError
        The body is not JSON.

    Examples
    --------
    >>> from ai_voice_shared.http import HttpResponse
    >>> parse_json(HttpResponse(200, {}, b'{"name": "Math"}'), "note-service")
    {'name': 'Math'}
    """
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        msg = f"{service} responded with {response.status_code} and a body that is not JSON"
        raise ServiceResponseError(msg, service=service, status_code=response.status_code) from None
