"""Requests and responses of both clients.

The classes are not dataclasses: creating two with slots adds 9 million instructions to a cold start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "DEFAULT_MAX_BYTES",
    "HttpRequest",
    "HttpResponse",
    "build_url",
    "combine_headers",
    "merge_headers",
    "server_name",
]

DEFAULT_MAX_BYTES = 1 << 20
"""Default size limit of a body, in bytes."""

_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})


class HttpRequest:
    """A request exactly as it is sent, so that the server receives what was signed.

    Parameters
    ----------
    method, url, headers, content
        As they are sent; the URL is already percent-encoded (see `build_url`).
    connect_timeout, read_timeout
        Seconds to wait for a connection, and for the next bytes.
    timeout
        Seconds for the whole exchange, from the connection to the last byte of the body. For the synchronous client it
        excludes name resolution, because the system's resolver cannot be interrupted.
    max_bytes
        Size limit of the body, after decompression.
    service
        The name of the server, for errors (`"customer-lookup-server"`).
    idempotent
        Whether the request is idempotent; by default by its method (RFC 9110 section 9.2.2). Only idempotent requests
        are sent again when a pooled connection turns out to be dead.
    """

    def __init__(
        self,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        connect_timeout: float = 2.0,
        read_timeout: float = 5.0,
        timeout: float = 10.0,
        max_bytes: int = DEFAULT_MAX_BYTES,
        service: str = "",
        idempotent: bool | None = None,
    ) -> None:
        self.method = method
        self.url = url
        self.headers: Mapping[str, str] = {} if headers is None else headers
        self.content = content
        self.connect_timeout = connect_timeout
        self.read_timeout = read_timeout
        self.timeout = timeout
        self.max_bytes = max_bytes
        self.service = service
        self.idempotent = method.upper() in _IDEMPOTENT if idempotent is None else idempotent

    def __repr__(self) -> str:
        # URLs, headers and bodies carry tokens and personal data.
        return f"HttpRequest({self.method}, service={self.service!r})"


class HttpResponse:
    """A response whose body was read in full.

    Parameters
    ----------
    status_code
        The HTTP status.
    headers
        Names in lower case; the values of a repeated header are joined by commas.
    content
        The body, decompressed.
    """

    def __init__(self, status_code: int, headers: Mapping[str, str], content: bytes) -> None:
        self.status_code = status_code
        self.headers = headers
        self.content = content

    def json(self) -> Any:
        """Parse the body as JSON; raise ValueError if it is not valid JSON."""
        import json

        try:
            return json.loads(self.content)
        except RecursionError:
            raise ValueError("nested too deeply") from None

    def __repr__(self) -> str:
        return f"HttpResponse({self.status_code}, {len(self.content)} bytes)"


def build_url(base: str, path: str = "", query: Mapping[str, str] | None = None) -> str:
    """Join and percent-encode a URL as SigV4 requires (RFC 3986: a space is `%20`, never `+`).

    Parameters
    ----------
    base
        The base URL, already encoded.
    path
        The path below it, not encoded.
    query
        Names and values, not encoded.

    Raises
    ------
    ValidationError
        The path has a segment `.` or `..`, which could leave the base URL.

    Examples
    --------
    >>> build_url("https://api.example.com/v1/", "/customers/a b", {"q": "x y", "n": "1"})
    'https://api.example.com/v1/customers/a%20b?q=x%20y&n=1'
    """
    from urllib.parse import quote, urlencode

    if not {".", ".."}.isdisjoint(path.split("/")):
        raise ValidationError('a path segment of a URL must not be "." or ".."')
    url = base.rstrip("/") + ("/" + quote(path.lstrip("/"), safe="/-._~") if path else "")
    return f"{url}?{urlencode(query, quote_via=quote)}" if query else url


def merge_headers(*several: Mapping[str, str] | None) -> dict[str, str]:
    """Merge headers; later ones replace earlier ones, whatever their case (RFC 9110 section 5.1).

    Parameters
    ----------
    *several
        In ascending order of precedence; None for no headers.

    Examples
    --------
    >>> merge_headers({"Content-Type": "application/json", "Accept": "*/*"}, {"content-type": "text/plain"})
    {'Accept': '*/*', 'content-type': 'text/plain'}
    """
    merged: dict[str, tuple[str, str]] = {}
    for headers in several:
        for name, value in (headers or {}).items():
            merged.pop(name.lower(), None)
            merged[name.lower()] = name, value
    return dict(merged.values())


def combine_headers(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return header fields by name in lower case, the values of a repeated one joined by commas.

    Examples
    --------
    >>> combine_headers([(b"Vary", b"Accept"), (b"vary", b"Cookie"), (b"Server", b"s")])
    {'vary': 'Accept, Cookie', 'server': 's'}
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name = raw_name.decode("ascii").lower()
        try:
            value = raw_value.decode()
        except UnicodeDecodeError:
            value = raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def server_name(request: HttpRequest) -> str:
    """Return the name of the server, for errors."""
    return request.service or "the server"
