"""Checks of a request before it is routed. A guard rejects a request by raising an error."""

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
    """The request came over plain HTTP. A redirect would only hide that it was sent unencrypted."""

    code = "https_required"
    title = "Forbidden"


def https_guard(event: BaseProxyEvent) -> None:
    """Reject what a load balancer accepted over plain HTTP; API Gateway and function URLs accept HTTPS only."""
    raw = event.raw_event
    if "elb" in raw["requestContext"] and HttpEvent(raw).header("x-forwarded-proto").lower() == "http":
        raise HttpsRequiredError("HTTPS is required")


def body_guard(max_bytes: int) -> Callable[[BaseProxyEvent], None]:
    """Return the guard that rejects bodies that are too large or not of their declared format.

    Parameters
    ----------
    max_bytes
        Maximum size of the decoded body.
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
        Paths that are not counted: those of the health checks.
    """

    def guard(event: BaseProxyEvent) -> None:
        if event.path not in exempt:
            limiter.check(caller_id(event))

    return guard
