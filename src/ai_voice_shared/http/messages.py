"""Requests and responses, as both clients take and return them.

The classes are written out: creating two dataclasses with slots costs a cold start 9 million instructions.
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
"""Bytes of a body that are read, unless the request says otherwise."""

_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})


class HttpRequest:
    """A request, complete as it is sent: what was signed is what the server receives.

    Parameters
    ----------
    method, url, headers, content
        As they stand on the wire; the URL is percent-encoded already (see `build_url`).
    connect_timeout, read_timeout
        Seconds to wait for a connection, and for the next bytes.
    timeout
        Seconds for the whole exchange, from the connection to the last byte of the body, however slowly they come.
        Only the lookup of a name is not within it where the client is synchronous: the system's resolver cannot be
        interrupted.
    max_bytes
        Bytes of the body that are accepted, counted after decompression.
    service
        The name of the server, for errors (`"customer-lookup-server"`).
    idempotent
        Whether sending it twice does no harm; by default by its method (RFC 9110 section 9.2.2). Only such a request
        is sent again when a pooled connection turns out to be dead.
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
        """Parse the body as JSON; raise ValueError where it is not JSON."""
        import json

        try:
            return json.loads(self.content)
        except RecursionError:
            raise ValueError("nested too deep") from None

    def __repr__(self) -> str:
        return f"HttpResponse({self.status_code}, {len(self.content)} bytes)"


def build_url(base: str, path: str = "", query: Mapping[str, str] | None = None) -> str:
    """Join and percent-encode a URL as SigV4 wants it (RFC 3986: a space is `%20`, never `+`).

    Parameters
    ----------
    base
        As it is configured, encoded already.
    path
        What comes below it, not encoded.
    query
        Names and values, not encoded.

    Raises
    ------
    ValidationError
        The path has a part `.` or `..`, which would lead out of what the base allows.

    Examples
    --------
    >>> build_url("https://api.example.com/v1/", "/customers/a b", {"q": "x y", "n": "1"})
    'https://api.example.com/v1/customers/a%20b?q=x%20y&n=1'
    """
    from urllib.parse import quote, urlencode

    if not {".", ".."}.isdisjoint(path.split("/")):
        raise ValidationError('a part of a URL\'s path must not be "." or ".."')
    url = base.rstrip("/") + ("/" + quote(path.lstrip("/"), safe="/-._~") if path else "")
    return f"{url}?{urlencode(query, quote_via=quote)}" if query else url


def merge_headers(*several: Mapping[str, str] | None) -> dict[str, str]:
    """Merge headers; of two spellings of one name the last counts (RFC 9110 section 5.1: case means nothing).

    Parameters
    ----------
    *several
        The weaker before the stronger; None for none.

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
