"""The headers that every response has: security, correlation id, and CORS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import CORSConfig

from ai_voice_shared.observability.correlation import CORRELATION_HEADER, get_correlation_id

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["add_response_headers", "create_cors"]

# For the responses of an API, which are not pages (https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html).
_SECURITY_HEADERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def add_response_headers(response: dict[str, Any], *, varies_by_origin: bool) -> None:
    """Add the headers that every response has; a security header of the route is preserved.

    Parameters
    ----------
    response
        The response as Lambda returns it.
    varies_by_origin
        Whether the response depends on the page's origin, which caches need to know.

    Examples
    --------
    >>> response = {"statusCode": 200, "headers": {"cache-control": "max-age=60", "vary": "Accept"}}
    >>> add_response_headers(response, varies_by_origin=True)
    >>> response["headers"]["cache-control"], response["headers"]["Vary"], response["headers"]["X-Frame-Options"]
    ('max-age=60', 'Accept, Origin', 'DENY')
    """
    is_multi = "multiValueHeaders" in response
    headers: dict[str, Any] = response["multiValueHeaders" if is_multi else "headers"]
    present = {name.lower(): name for name in headers}
    added = {name: value for name, value in _SECURITY_HEADERS.items() if name.lower() not in present}
    added[CORRELATION_HEADER] = get_correlation_id() or ""
    if varies_by_origin:
        vary = headers.pop(present.get("vary", ""), "")
        added["Vary"] = _join_vary(", ".join(vary) if is_multi else vary, "Origin")
    headers.update({name: [value] for name, value in added.items()} if is_multi else added)


def create_cors(origins: Sequence[str], max_age: int) -> CORSConfig | None:
    """Return the CORS configuration for these origins; None if there are none.

    Parameters
    ----------
    origins
        Origins that CORS allows; `*` for any.
    max_age
        Seconds that a browser may cache a preflight.

    Examples
    --------
    >>> create_cors(["https://app.example.com"], 600).allowed_origin("https://evil.example") is None
    True
    """
    if not origins:
        return None
    return CORSConfig(
        allow_origin=origins[0],
        extra_origins=list(origins[1:]),
        allow_headers=[CORRELATION_HEADER, "Idempotency-Key", "traceparent"],
        expose_headers=[CORRELATION_HEADER, "Retry-After"],
        max_age=max_age,
    )


def _join_vary(vary: str, name: str) -> str:
    names = {item.strip().lower() for item in vary.split(",")}
    return vary if name.lower() in names or "*" in names else f"{vary}, {name}".removeprefix(", ")
