"""What speaks against a request before it is routed. Each guard raises the error that is then answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ai_voice_shared.app.events import caller_of
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
    """It came over plain HTTP. Redirecting it would only hide that its content was sent for all to read."""

    code = "https_required"
    title = "HTTPS is required"


def https_guard(event: BaseProxyEvent) -> None:
    """Refuse what a load balancer took in over plain HTTP; API Gateway and function URLs take nothing else in."""
    raw = event.raw_event
    if "elb" in raw["requestContext"] and HttpEvent(raw).header("x-forwarded-proto").lower() == "http":
        raise HttpsRequiredError


def body_guard(max_bytes: int) -> Callable[[BaseProxyEvent], None]:
    """Make the guard of bodies: not too large, and what it says it is.

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
    """Make the guard that counts a caller's requests.

    Parameters
    ----------
    limiter
        Counts them.
    exempt
        Paths that are not counted: those that monitors ask for.
    """

    def guard(event: BaseProxyEvent) -> None:
        if event.path not in exempt:
            limiter.check(caller_of(event))

    return guard
