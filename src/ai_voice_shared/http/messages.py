"""HTTP's messages: requests, responses, and bodies as they are decoded. Nothing here belongs to httpx.

The classes are written out: making two dataclasses with slots costs a cold start 9 million instructions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import ServiceResponseError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "DEFAULT_MAX_BYTES",
    "Body",
    "HttpRequest",
    "HttpResponse",
    "encoded_url",
    "merged_headers",
    "server_name",
]

DEFAULT_MAX_BYTES = 1 << 20
"""Bytes of a body that are read, unless the call says."""

_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
_PIECE = 1 << 16


class HttpRequest:
    """A request, complete as it goes out: what was signed is what is sent.

    Parameters
    ----------
    method, url, headers, content
        As they stand on the wire; the URL is percent-encoded already (see `encoded_url`).
    connect_timeout, read_timeout
        Seconds to wait for a connection, and for the next bytes.
    timeout
        Seconds for the whole exchange, from the connection to the last byte of the body, however slowly they come.
        Only the look-up of a name is not within it where the client is synchronous: the system's resolver cannot be
        interrupted.
    max_bytes
        Bytes of the body that are accepted, counted after decompression.
    service
        What is asked, for errors (`"customer-lookup-server"`).
    repeatable
        Whether sending it twice does no harm; by default by its method (RFC 9110 section 9.2.2). Only such a request
        is sent anew when a pooled connection turns out to be dead.
    """

    __slots__ = (
        "connect_timeout",
        "content",
        "headers",
        "max_bytes",
        "method",
        "read_timeout",
        "repeatable",
        "service",
        "timeout",
        "url",
    )

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
        repeatable: bool | None = None,
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
        self.repeatable = repeatable

    def is_repeatable(self) -> bool:
        """Say whether sending it twice does no harm."""
        return self.method.upper() in _IDEMPOTENT if self.repeatable is None else self.repeatable

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

    __slots__ = ("content", "headers", "status_code")

    def __init__(self, status_code: int, headers: Mapping[str, str], content: bytes) -> None:
        self.status_code = status_code
        self.headers = headers
        self.content = content

    def json(self) -> Any:
        """Parse the body as JSON; raises ValueError where it is none."""
        import json

        try:
            return json.loads(self.content)
        except RecursionError:
            raise ValueError("nested too deep") from None

    def __repr__(self) -> str:
        return f"HttpResponse({self.status_code}, {len(self.content)} bytes)"


def encoded_url(base: str, path: str = "", query: Mapping[str, str] | None = None) -> str:
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
    >>> encoded_url("https://api.example.com/v1/", "/customers/a b", {"q": "x y", "n": "1"})
    'https://api.example.com/v1/customers/a%20b?q=x%20y&n=1'
    """
    from urllib.parse import quote, urlencode

    if not {".", ".."}.isdisjoint(path.split("/")):
        raise ValidationError('a part of a URL\'s path must not be "." or ".."')
    url = base.rstrip("/") + ("/" + quote(path.lstrip("/"), safe="/-._~") if path else "")
    return f"{url}?{urlencode(query, quote_via=quote)}" if query else url


def merged_headers(*several: Mapping[str, str] | None) -> dict[str, str]:
    """Put headers together; of two spellings of one name the last counts (RFC 9110 section 5.1: case means nothing).

    Parameters
    ----------
    *several
        The weaker before the stronger; None for none.

    Examples
    --------
    >>> merged_headers({"Content-Type": "application/json", "Accept": "*/*"}, {"content-type": "text/plain"})
    {'Accept': '*/*', 'content-type': 'text/plain'}
    """
    merged: dict[str, tuple[str, str]] = {}
    for headers in several:
        for name, value in (headers or {}).items():
            merged.pop(name.lower(), None)
            merged[name.lower()] = name, value
    return dict(merged.values())


class Body:
    """Decodes a body and counts it against the request's cap, piece by piece, so that no bomb goes off.

    Parameters
    ----------
    request
        What was asked.
    headers
        Of the response, with names in lower case.

    Examples
    --------
    >>> import zlib
    >>> body = Body(HttpRequest(method="GET", url="http://localhost"), {"content-encoding": "deflate"})
    >>> b"".join(body.decoded(zlib.compress(b"hello")))
    b'hello'
    """

    def __init__(self, request: HttpRequest, headers: Mapping[str, str]) -> None:
        self._request = request
        self._encoding = headers.get("content-encoding", "").strip().lower()
        self._decoder: Any = None
        self._bytes = 0

    def decoded(self, piece: bytes) -> Iterator[bytes]:
        """Give what a piece of the wire's body holds."""
        if self._encoding in {"", "identity"}:
            yield self._counted(piece)
            return
        import zlib

        if self._decoder is None:
            if self._encoding not in {"gzip", "x-gzip", "deflate"}:
                raise self._unusable("an encoding that was not asked for")
            self._decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)
        while piece:
            try:
                part = self._decoder.decompress(piece, _PIECE)
            except zlib.error:
                raise self._unusable("a body that is not in its encoding") from None
            if part:
                yield self._counted(part)
            if self._decoder.unused_data:
                raise self._unusable("more than its encoded body")
            piece = self._decoder.unconsumed_tail

    def finish(self) -> None:
        """See that nothing is missing."""
        if self._decoder is not None and not self._decoder.eof:
            raise self._unusable("half of an encoded body")

    def _counted(self, part: bytes) -> bytes:
        self._bytes += len(part)
        if self._bytes > self._request.max_bytes:
            raise self._unusable(f"more than {self._request.max_bytes} bytes")
        return part

    def _unusable(self, what: str) -> ServiceResponseError:
        return ServiceResponseError(f"{server_name(self._request)} sent {what}", service=self._request.service)


def server_name(request: HttpRequest) -> str:
    """Name who is asked, for errors."""
    return request.service or "the server"
