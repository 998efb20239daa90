"""The one seam for HTTP: no other module imports httpx, so that a successor is one file's change.

Two clients with the same face, `HttpClient` and `AsyncHttpClient`. They differ from a bare httpx client in what a
function needs: one TLS context per process (loading the certificates is most of what a new client costs), no
redirects followed, no environment proxies or netrc read, a body that is cut off at a cap also where it is compressed,
time limits for the whole exchange and not only for each read, a fresh connection in place of a pooled one that died in
a freeze, and errors of this package, which repeat nothing of what was sent or received.
"""

from __future__ import annotations

import errno
import math
import os
import threading
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import (
    ConfigurationError,
    ServiceResponseError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from ai_voice_shared.http_messages import DEFAULT_MAX_BYTES, Body, HttpRequest, HttpResponse, encoded_url, server_name
from ai_voice_shared.observability.unlogged import unlogged

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    import httpcore
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

# What `Body` decodes; httpx would offer more where other packages are installed.
_ACCEPTED = {"Accept-Encoding": "gzip, deflate"}
_PIECE = 1 << 16
# As many as the pool keeps: after a freeze all of them can be dead.
_MOST_DEAD_SOCKETS = 20
_CERTIFICATES = Path(__file__).with_name("_ca_certificates")


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
        body = Body(self._request, self.headers)
        pieces = self._response.iter_raw()
        with _translated(self._request):
            while True:
                with _unlogged(), _until(self._ends_at):
                    piece = next(pieces, None)
                if piece is None:
                    break
                yield from body.decoded(piece)
            body.finish()


class AsyncHttpStream(_Stream):
    """A response with its body still to come, for an asynchronous client."""

    def __init__(self, response: httpx.Response, request: HttpRequest, ends_at: float) -> None:
        super().__init__(response.status_code, _flat(response))
        self._response = response
        self._request = request
        self._ends_at = ends_at

    async def aiter_bytes(self) -> AsyncIterator[bytes]:
        """Give the body in pieces as they arrive; cut off at the request's cap and time limit."""
        import anyio

        body = Body(self._request, self.headers)
        pieces = self._response.aiter_raw()
        try:
            with _translated(self._request):
                while True:
                    with _unlogged(), anyio.fail_after(max(0.0, self._ends_at - time.monotonic())):
                        piece = await anext(pieces, None)
                    if piece is None:
                        break
                    for part in body.decoded(piece):
                        yield part
                body.finish()
        finally:
            with _unlogged():
                await _exhaust(self._response, pieces)


class HttpClient:
    """A synchronous HTTP client. It is made on first use, and one serves all threads.

    Parameters
    ----------
    verify
        A TLS context; by default the one of this process.
    client
        An `httpx.Client` to use instead, for tests and for the odd network. It stays the caller's: it is not closed
        here, and its own transport decides how exact the time limit of an exchange is.

    Examples
    --------
    >>> client = HttpClient()
    >>> client.close()
    """

    def __init__(self, *, verify: ssl.SSLContext | None = None, client: httpx.Client | None = None) -> None:
        self._verify = verify
        self._given = client
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

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
        ConfigurationError
            The request itself cannot be sent: its URL or a header is none.
        """
        with self.stream(request) as stream:
            content = b"".join(stream.iter_bytes())
            return HttpResponse(stream.status_code, stream.headers, content)

    @contextmanager
    def stream(self, request: HttpRequest) -> Iterator[HttpStream]:
        """Send a request and give the answer as soon as its headers are there; raises as `send`."""
        ends_at = time.monotonic() + request.timeout
        client = self._ready()
        with _translated(request), _unlogged(), _until(ends_at):
            attempt = _Attempt(request)
            while True:
                try:
                    response = client.send(attempt.outgoing(client, attempt.trace), stream=True)
                    break
                except attempt.dead_socket_errors() as error:
                    if not attempt.is_worth_another(error, ends_at):
                        raise
        try:
            yield HttpStream(response, request, ends_at)
        finally:
            response.close()

    def warm_up(self) -> None:
        """Make now what the first request would have to wait for; nothing is sent."""
        self._ready()

    def close(self) -> None:
        """Close the pooled connections; the next call opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _ready(self) -> httpx.Client:
        client = self._given or self._client
        if client is None:
            with self._lock:
                if self._client is None:
                    self._client = _make_client(self._verify or _tls_context())
                client = self._client
        return client


class AsyncHttpClient:
    """The asynchronous twin of `HttpClient`, with the same arguments and errors.

    Connections belong to the event loop that opened them. Used under another one, as by a handler that calls
    `asyncio.run` in each invocation, it begins anew with an empty pool.
    """

    def __init__(self, *, verify: ssl.SSLContext | None = None, client: httpx.AsyncClient | None = None) -> None:
        self._verify = verify
        self._given = client
        self._client: tuple[object, httpx.AsyncClient] | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and read the answer, whatever its status; raises as `HttpClient.send`."""
        async with self.stream(request) as stream:
            content = b"".join([chunk async for chunk in stream.aiter_bytes()])
            return HttpResponse(stream.status_code, stream.headers, content)

    @asynccontextmanager
    async def stream(self, request: HttpRequest) -> AsyncIterator[AsyncHttpStream]:
        """Send a request and give the answer as soon as its headers are there; raises as `send`."""
        import anyio

        ends_at = time.monotonic() + request.timeout
        client = self._ready()
        with _translated(request), _unlogged(), anyio.fail_after(request.timeout):
            attempt = _Attempt(request)
            while True:
                try:
                    response = await client.send(attempt.outgoing(client, attempt.atrace), stream=True)
                    break
                except attempt.dead_socket_errors() as error:
                    if not attempt.is_worth_another(error, ends_at):
                        raise
        try:
            yield AsyncHttpStream(response, request, ends_at)
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close the pooled connections; the next call opens new ones."""
        kept, self._client = self._client, None
        # Those of another event loop went with it.
        if kept is not None and kept[0] == _event_loop():
            await kept[1].aclose()

    def _ready(self) -> httpx.AsyncClient:
        if self._given is not None:
            return self._given
        loop = _event_loop()
        if self._client is None or self._client[0] != loop:
            import httpx

            client = httpx.AsyncClient(
                verify=self._verify or _tls_context(), trust_env=False, follow_redirects=False, headers=_ACCEPTED
            )
            self._client = loop, client
        return self._client[1]


class _Attempt:
    """Sends a request as often as pooled connections turn out to be dead, which is no retry: nobody was asked."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._sent = 0
        self._connected = False

    def outgoing(self, client: Any, trace: Callable[[str, Any], Any]) -> httpx.Request:
        """Make the request for httpx."""
        import httpx

        request = self._request
        self._sent += 1
        self._connected = False
        # The exchange's own limit also bounds each wait inside it.
        read = min(request.read_timeout, request.timeout)
        timeout = httpx.Timeout(read, connect=min(request.connect_timeout, request.timeout))
        outgoing: httpx.Request = client.build_request(
            request.method,
            request.url,
            headers=dict(request.headers),
            content=request.content,
            extensions={"timeout": timeout.as_dict(), "trace": trace},
        )
        return outgoing

    def trace(self, event: str, _: Any) -> None:
        """See whether a connection is opened for it."""
        self._connected = self._connected or event.startswith("connection.connect_")

    async def atrace(self, event: str, info: Any) -> None:
        """Do the same where httpx awaits it."""
        self.trace(event, info)

    def dead_socket_errors(self) -> tuple[type[Exception], ...]:
        """Name the errors that a connection has which died while it lay in the pool."""
        import httpx

        return (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)

    def is_worth_another(self, error: Exception, ends_at: float) -> bool:
        """Say whether it was a pooled connection that failed, and sending it anew does no harm."""
        return (
            not self._connected
            and self._sent <= _MOST_DEAD_SOCKETS
            and self._request.is_repeatable()
            and not _is_no_http(error)
            and time.monotonic() < ends_at
        )


_exchange_ends_at: ContextVar[float] = ContextVar("ai_voice_shared_exchange_ends_at", default=math.inf)


@contextmanager
def _until(ends_at: float) -> Iterator[None]:
    """Hold all that is read and written inside to the end of the exchange, however slowly the bytes come."""
    token = _exchange_ends_at.set(ends_at)
    try:
        yield
    finally:
        _exchange_ends_at.reset(token)


def _make_client(verify: ssl.SSLContext) -> httpx.Client:
    """Make a client whose every wait on a socket ends with the exchange.

    httpx's time limits are for single reads, so a server that sends a byte now and then would never run into one. Its
    transports take no network backend, but httpcore's pools do.
    """
    import httpcore
    import httpx

    transport = httpx.HTTPTransport(verify=verify, trust_env=False)
    transport._pool = httpcore.ConnectionPool(  # noqa: SLF001 - the one way in, held by a test
        ssl_context=verify,
        max_connections=100,
        max_keepalive_connections=_MOST_DEAD_SOCKETS,
        keepalive_expiry=5.0,
        network_backend=_bounded_backend(),
    )
    return httpx.Client(transport=transport, trust_env=False, follow_redirects=False, headers=_ACCEPTED)


def _left(timeout: float | None, error: type[Exception]) -> float:
    remaining = _exchange_ends_at.get() - time.monotonic()
    if remaining <= 0:
        raise error
    return remaining if timeout is None else min(timeout, remaining)


def _bounded_backend() -> httpcore.NetworkBackend:
    import httpcore

    class Stream(httpcore.NetworkStream):
        def __init__(self, inner: httpcore.NetworkStream) -> None:
            self._inner = inner

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            for start in range(0, len(buffer), _PIECE):
                self._inner.write(buffer[start : start + _PIECE], _left(timeout, httpcore.WriteTimeout))

        def close(self) -> None:
            self._inner.close()

        def start_tls(
            self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
        ) -> httpcore.NetworkStream:
            limit = _left(timeout, httpcore.ConnectTimeout)
            return Stream(self._inner.start_tls(ssl_context, server_hostname, limit))

        def get_extra_info(self, info: str) -> Any:
            return self._inner.get_extra_info(info)

    class Backend(httpcore.SyncBackend):
        def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Any = None,
        ) -> httpcore.NetworkStream:
            limit = _left(timeout, httpcore.ConnectTimeout)
            return Stream(super().connect_tcp(host, port, limit, local_address, socket_options))

    return Backend()


async def _exhaust(response: httpx.Response, pieces: AsyncIterator[bytes]) -> None:
    """Close the connection and let httpx's and httpcore's generators come to their end; trio complains of others."""
    await response.aclose()
    with suppress(Exception):
        while True:
            await anext(pieces)


def _event_loop() -> object:
    from anyio.lowlevel import current_token

    return current_token()


@contextmanager
def _translated(request: HttpRequest) -> Iterator[None]:
    """Turn httpx's errors into this package's.

    Their texts may hold the URL, a header or what the server sent, so only their type and the system's reason are
    kept.
    """
    import httpx

    name, service = server_name(request), request.service
    try:
        yield
    except (httpx.TimeoutException, TimeoutError) as error:
        msg = f"{name} did not answer in time ({_reason(error)})"
        raise ServiceTimeoutError(msg, service=service) from _bare(error)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError) as error:
        msg = f"the request to {name} cannot be sent: its URL or a header is not valid ({_reason(error)})"
        raise ConfigurationError(msg) from _bare(error)
    except (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError) as error:
        if _is_no_http(error):
            msg = f"{name} could not be understood ({_reason(error)})"
            raise ServiceResponseError(msg, service=service) from _bare(error)
        msg = f"{name} could not be reached ({_reason(error)})"
        raise ServiceUnavailableError(msg, service=service) from _bare(error)
    except (httpx.DecodingError, httpx.ProtocolError) as error:
        msg = f"{name} could not be understood ({_reason(error)})"
        raise ServiceResponseError(msg, service=service) from _bare(error)


def _is_no_http(error: Exception) -> bool:
    """Tell a server that breaks the protocol from one that closes the connection; httpx has one error for both."""
    import httpx

    text = str(error)
    return (
        isinstance(error, httpx.RemoteProtocolError)
        and "disconnected" not in text  # httpcore: before the headers
        and "closed connection" not in text  # h11: within the body
    )


def _reason(error: BaseException) -> str:
    """Give the error's type with the system's name for what happened, where it has one."""
    import socket
    import ssl

    name = type(error).__name__
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"{name}: {cause.verify_message}"
        if isinstance(cause, socket.gaierror):
            return f"{name}: {cause.strerror}"
        if isinstance(cause, OSError) and cause.errno is not None and cause.errno in errno.errorcode:
            return f"{name}: {errno.errorcode[cause.errno]}"
        cause = cause.__cause__ or cause.__context__
    return name


def _bare(error: Exception) -> Exception:
    """Take everything from an error but its type and its place."""
    error.args = ()
    error.__cause__ = error.__context__ = None
    if hasattr(error, "_request"):
        error._request = None  # noqa: SLF001 - it has the URL and the headers
    return error


def _unlogged() -> AbstractContextManager[None]:
    """Keep a request out of the logs: httpx writes whole URLs at INFO, signed queries included, httpcore headers."""
    return unlogged("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy")


def _flat(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


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
_tls_lock = threading.Lock()


def _tls_context() -> ssl.SSLContext:
    """Make the process's TLS context, once: reading the certificates is most of what a client costs."""
    context: ssl.SSLContext | None = _shared.get("tls")
    if context is None:
        with _tls_lock:
            context = _shared.get("tls") or _make_tls_context()
            _shared["tls"] = context
    return context


def _make_tls_context() -> ssl.SSLContext:
    import ssl

    # httpx reads this bundle itself, unless it is told; a function's owner expects the same here.
    own = os.environ.get("SSL_CERT_FILE")
    if own:
        return ssl.create_default_context(cafile=own)
    if _CERTIFICATES.is_dir():
        # The layer's folder, in which OpenSSL looks up what a connection needs.
        return ssl.create_default_context(capath=str(_CERTIFICATES))
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
