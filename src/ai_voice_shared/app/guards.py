"""Checks of a request before it is routed. Each guard raises the error that the request is refused with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ai_voice_shared.app.events import caller_id
from ai_voice_shared.errors import AuthorizationError, InvalidPayloadError
from ai_voice_shared.utils.http_events import HttpEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

    from ai_voice_shared.resilience.rate_limit import RateLimiter

__all__ = ["HttpsRequiredError", "body_guard", "https_guard", "rate_guard"]

_BOUNDARY = re.compile(r'boundary="?[^\s;"]', re.IGNORECASE)
_TEXTS = frozenset({"", "application/json", "application/x-www-form-urlencoded"})


class HttpsRequiredError(AuthorizationError):
    """The request came over plain HTTP. A redirect would only hide that its content was sent for all to read."""

    code = "https_required"
    title = "HTTPS is required"


def https_guard(event: BaseProxyEvent) -> None:
    """Refuse what a load balancer took in over plain HTTP; API Gateway and function URLs take nothing else in."""
    raw = event.raw_event
    if "elb" in raw["requestContext"] and HttpEvent(raw).header("x-forwarded-proto").lower() == "http":
        raise HttpsRequiredError


def body_guard(max_bytes: int) -> Callable[[BaseProxyEvent], None]:
    """Return the guard of bodies: not too large, and of the format that they claim.

    Parameters
    ----------
    max_bytes
        Bytes of the decoded body that are accepted.
    """

    def guard(event: BaseProxyEvent) -> None:
        request = HttpEvent(event.raw_event, max_body_bytes=max_bytes)
        body = request.body
        if body and request.content_type in _TEXTS:
            try:
                body.decode()
            except UnicodeDecodeError:
                raise InvalidPayloadError("the body is not UTF-8") from None
        if request.content_type == "multipart/form-data" and not _BOUNDARY.search(request.header("content-type")):
            raise InvalidPayloadError("the multipart body has no boundary")

    return guard


def rate_guard(limiter: RateLimiter, *, exempt: Collection[str] = ()) -> Callable[[BaseProxyEvent], None]:
    """Return the guard that counts a caller's requests.

    Parameters
    ----------
    limiter
        Counts the requests.
    exempt
        Paths that are not counted: those that monitors request.
    """

    def guard(event: BaseProxyEvent) -> None:
        if event.path not in exempt:
            limiter.check(caller_id(event))

    return guard
