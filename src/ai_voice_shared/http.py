"""The one seam for HTTP: no other module imports httpx, so that a successor is one file's change.

Two clients with the same face, `HttpClient` and `AsyncHttpClient`. They differ from a bare httpx client in what a
function needs: one TLS context per process (loading the certificates is most of what a new client costs), no
redirects followed, no environment proxies or netrc read, a body that is cut off at a cap, time limits for the whole
exchange and not only for each read, one immediate retry when a pooled socket died in a freeze, and errors of this
package.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import ServiceResponseError, ServiceTimeoutError, ServiceUnavailableError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterator, Mapping

    import httpx

__all__ = [
    "DEFAULT_MAX_BYTES",
    "AsyncHttpClient",
    "HttpClient",
    "HttpRequest",
    "HttpResponse",
    "close_connections",
    "encoded_url",
    "shared_async_http_client",
    "shared_http_client",
]

DEFAULT_MAX_BYTES = 1 << 20
"""Bytes of a body that are read, unless the call says."""

_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
_CERTIFICATES = Path(__file__).with_name("_ca_certificates")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class HttpRequest:
    """A request, complete as it goes out: what was signed is what is sent.

    Parameters
    ----------
    method, url, headers, content
        As they stand on the wire; the URL is percent-encoded already (see `encoded_url`).
    connect_timeout, read_timeout
        Seconds to wait for a connection, and for the next bytes.
    timeout
        Seconds for the whole exchange, body included.
    max_bytes
        Bytes of the body that are accepted.
    service
        What is asked, for errors (`"customer-lookup-server"`).
    repeatable
        Whether sending it twice does no harm; by default by its method (RFC 9110 section 9.2.2). Only such a request
        is sent once more when a pooled connection turns out to be dead.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    connect_timeout: float = 2.0
    read_timeout: float = 5.0
    timeout: float = 10.0
    max_bytes: int = DEFAULT_MAX_BYTES
    service: str = ""
    repeatable: bool | None = None

    def is_repeatable(self) -> bool:
        """Say whether sending it twice does no harm."""
        return self.method.upper() in _IDEMPOTENT if self.repeatable is None else self.repeatable

    def __repr__(self) -> str:
        # URLs, headers and bodies carry tokens and personal data.
        return f"HttpRequest({self.method}, service={self.service!r})"


@dataclass(frozen=True, slots=True, repr=False)
class HttpResponse:
    """A response whose body was read in full.

    Parameters
    ----------
    status_code
        The HTTP status.
    headers
        Names in lower case; of repeated headers the last.
    content
        The body, decompressed.
    """

    status_code: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """Parse the body as JSON; raises ValueError where it is none."""
        import json

        return json.loads(self.content)

    def __repr__(self) -> str:
        return f"HttpResponse({self.status_code}, {len(self.content)} bytes)"


class _Stream:
    """A response whose body is being read."""

    def __init__(self, status_code: int, headers: Mapping[str, str]) -> None:
        self.status_code = status_code
        self.headers = headers


class HttpStream(_Stream):
    """A response with its body still to come, for a synchronous client."""

    def __init__(self, response: httpx.Response, request: HttpRequest, ends_at: float) -> None:
        super().__init__(response.status_code, _flat(response))
        self._response = response
        self._request = request
        self._ends_at = ends_at

    def iter_bytes(self) -> Iterator[bytes]:
        """Give the body in pieces as they arrive; cut off at the request's cap and time limit."""
        guard = _Guard(self._request, self._ends_at)
        with _translated(self._request):
            for chunk in self._response.iter_bytes():
                guard.count(chunk)
                yield chunk


class AsyncHttpStream(_Stream):
    """A response with its body still to come, for an asynchronous client."""

    def __init__(self, response: httpx.Response, request: HttpRequest, ends_at: float) -> None:
        super().__init__(response.status_code, _flat(response))
        self._response = response
        self._request = request
        self._ends_at = ends_at

    async def aiter_bytes(self) -> AsyncIterator[bytes]:
        """Give the body in pieces as they arrive; cut off at the request's cap and time limit."""
        guard = _Guard(self._request, self._ends_at)
        with _translated(self._request):
            async for chunk in self._response.aiter_bytes():
                guard.count(chunk)
                yield chunk


class HttpClient:
    """A synchronous HTTP client. It is made on first use, and one serves all threads.

    Parameters
    ----------
    verify
        A TLS context; by default the one of this process.
    client
        An `httpx.Client` to use instead, for tests and for the odd network.

    Examples
    --------
    >>> client = HttpClient()
    >>> client.close()
    """

    def __init__(self, *, verify: ssl.SSLContext | None = None, client: httpx.Client | None = None) -> None:
        self._verify = verify
        self._client = client

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and read the answer, whatever its status.

        Raises
        ------
        ServiceUnavailableError
            No connection, or it broke.
        ServiceTimeoutError
            Not within the request's time limits.
        ServiceResponseError
            No HTTP, or more bytes than `max_bytes`.
        """
        with self.stream(request) as stream:
            content = b"".join(stream.iter_bytes())
            return HttpResponse(stream.status_code, stream.headers, content)

    @contextmanager
    def stream(self, request: HttpRequest) -> Iterator[HttpStream]:
        """Send a request and give the answer as soon as its headers are there; raises as `send`."""
        ends_at = time.monotonic() + request.timeout
        client = self._ready()
        with _translated(request), _unlogged():
            try:
                response = client.send(_outgoing(client, request), stream=True)
            except _dead_socket_errors():
                # A pooled socket that died while the process was frozen, most likely: once more, on a fresh one.
                if not request.is_repeatable():
                    raise
                response = client.send(_outgoing(client, request), stream=True)
        try:
            yield HttpStream(response, request, ends_at)
        finally:
            response.close()

    def warm_up(self) -> None:
        """Make now what the first request would have to wait for; nothing is sent."""
        self._ready()

    def close(self) -> None:
        """Close the pooled connections; the next call opens new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _ready(self) -> httpx.Client:
        if self._client is None:
            import httpx

            self._client = httpx.Client(verify=self._verify or _tls_context(), trust_env=False, follow_redirects=False)
        return self._client


class AsyncHttpClient:
    """The asynchronous twin of `HttpClient`, with the same arguments and errors."""

    def __init__(self, *, verify: ssl.SSLContext | None = None, client: httpx.AsyncClient | None = None) -> None:
        self._verify = verify
        self._client = client

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and read the answer, whatever its status; raises as `HttpClient.send`."""
        async with self.stream(request) as stream:
            content = b"".join([chunk async for chunk in stream.aiter_bytes()])
            return HttpResponse(stream.status_code, stream.headers, content)

    @asynccontextmanager
    async def stream(self, request: HttpRequest) -> AsyncIterator[AsyncHttpStream]:
        """Send a request and give the answer as soon as its headers are there; raises as `send`."""
        ends_at = time.monotonic() + request.timeout
        client = self._ready()
        with _translated(request), _unlogged():
            try:
                response = await client.send(_outgoing(client, request), stream=True)
            except _dead_socket_errors():
                if not request.is_repeatable():
                    raise
                response = await client.send(_outgoing(client, request), stream=True)
        try:
            yield AsyncHttpStream(response, request, ends_at)
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close the pooled connections; the next call opens new ones."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _ready(self) -> httpx.AsyncClient:
        if self._client is None:
            import httpx

            self._client = httpx.AsyncClient(
                verify=self._verify or _tls_context(), trust_env=False, follow_redirects=False
            )
        return self._client


def encoded_url(base: str, path: str = "", query: Mapping[str, str] | None = None) -> str:
    """Join and percent-encode a URL as SigV4 wants it (RFC 3986: a space is `%20`, never `+`).

    Examples
    --------
    >>> encoded_url("https://api.example.com/v1/", "/customers/a b", {"q": "x y", "n": "1"})
    'https://api.example.com/v1/customers/a%20b?q=x%20y&n=1'
    """
    from urllib.parse import quote, urlencode

    url = base.rstrip("/") + ("/" + quote(path.lstrip("/"), safe="/-._~") if path else "")
    return f"{url}?{urlencode(query, quote_via=quote)}" if query else url


class _Guard:
    """Counts a body against the request's cap and time limit."""

    def __init__(self, request: HttpRequest, ends_at: float) -> None:
        self._request = request
        self._ends_at = ends_at
        self._bytes = 0

    def count(self, chunk: bytes) -> None:
        self._bytes += len(chunk)
        if self._bytes > self._request.max_bytes:
            msg = f"{self._request.service or 'the server'} sent more than {self._request.max_bytes} bytes"
            raise ServiceResponseError(msg, service=self._request.service)
        if time.monotonic() > self._ends_at:
            msg = f"{self._request.service or 'the server'} was still sending after {self._request.timeout:g} s"
            raise ServiceTimeoutError(msg, service=self._request.service)


@contextmanager
def _translated(request: HttpRequest) -> Iterator[None]:
    """Turn httpx's errors into this package's. Their texts may hold the URL, so only their type is kept."""
    import httpx

    name = request.service or "the server"
    try:
        yield
    except httpx.TimeoutException as error:
        msg = f"{name} did not answer in time ({type(error).__name__})"
        raise ServiceTimeoutError(msg, service=request.service) from _without_request(error)
    except (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError) as error:
        msg = f"{name} could not be reached ({type(error).__name__})"
        raise ServiceUnavailableError(msg, service=request.service) from _without_request(error)
    except (httpx.DecodingError, httpx.ProtocolError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        msg = f"{name} could not be understood ({type(error).__name__})"
        raise ServiceResponseError(msg, service=request.service) from _without_request(error)


_own_request: ContextVar[bool] = ContextVar("ai_voice_shared_http_own_request", default=False)


class _OwnRequestsFilter(logging.Filter):
    """Holds back what httpx and httpcore log of this package's requests, and nothing of anybody else's."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - the signature is logging's
        return not _own_request.get()


_own_requests = _OwnRequestsFilter()


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep a request out of the logs: httpx writes whole URLs at INFO, signed queries included, httpcore headers."""
    for name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy"):
        # Adding a filter that is there already does nothing.
        logging.getLogger(name).addFilter(_own_requests)
    token = _own_request.set(True)
    try:
        yield
    finally:
        _own_request.reset(token)


def _without_request(error: Exception) -> Exception:
    error.args = ()
    return error


def _outgoing(client: Any, request: HttpRequest) -> httpx.Request:
    import httpx

    # The exchange's own limit also bounds each wait inside it.
    read = min(request.read_timeout, request.timeout)
    timeout = httpx.Timeout(read, connect=min(request.connect_timeout, request.timeout))
    outgoing: httpx.Request = client.build_request(
        request.method, request.url, headers=dict(request.headers), content=request.content, timeout=timeout
    )
    return outgoing


def _flat(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _dead_socket_errors() -> tuple[type[Exception], ...]:
    import httpx

    return (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)


def shared_http_client() -> HttpClient:
    """Give the process's client: one pool of connections for all who ask."""
    client: HttpClient = _shared.setdefault("sync", HttpClient())
    return client


def shared_async_http_client() -> AsyncHttpClient:
    """Give the process's asynchronous client."""
    client: AsyncHttpClient = _shared.setdefault("async", AsyncHttpClient())
    return client


def close_connections() -> None:
    """Close the pooled connections of the shared clients; they stay usable and open new ones.

    For the moment after a freeze or a restored snapshot, when every pooled socket is dead.
    """
    if "sync" in _shared:
        _shared["sync"].close()
    # The asynchronous client belongs to an event loop that is gone with the snapshot.
    _shared.pop("async", None)


_shared: dict[str, Any] = {}


def _tls_context() -> ssl.SSLContext:
    """Make the process's TLS context, once: reading the certificates is most of what a client costs."""
    context: ssl.SSLContext | None = _shared.get("tls")
    if context is None:
        import ssl

        # httpx reads this bundle itself, unless it is told; a function's owner expects the same here.
        own = os.environ.get("SSL_CERT_FILE")
        if own:
            context = ssl.create_default_context(cafile=own)
        elif _CERTIFICATES.is_dir():
            # The layer's folder, in which OpenSSL looks up what a connection needs.
            context = ssl.create_default_context(capath=str(_CERTIFICATES))
        else:
            import certifi

            context = ssl.create_default_context(cafile=certifi.where())
        _shared["tls"] = context
    return context
