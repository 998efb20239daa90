"""The asynchronous client, by httpx. No other module imports it, so that a successor is one file's change."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

import httpx

from ai_voice_shared.http.errors import bare, invalid_request, not_understood, timed_out, unreachable
from ai_voice_shared.http.messages import Body, HttpRequest, HttpResponse
from ai_voice_shared.http.tls import shared_tls_context
from ai_voice_shared.observability.suppression import suppress_logging

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterator, Mapping
    from contextlib import AbstractContextManager

__all__ = ["AsyncHttpClient", "AsyncHttpStream"]

# What `Body` decodes; httpx would offer more where other packages are installed.
_ACCEPTED = {"Accept-Encoding": "gzip, deflate"}
# As many as the pool keeps: after a freeze all of them can be dead.
_MOST_DEAD_SOCKETS = 20


class AsyncHttpStream:
    """A response with its body still to come, for an asynchronous client."""

    def __init__(self, response: httpx.Response, request: HttpRequest, ends_at: float) -> None:
        self.status_code = response.status_code
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
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
                    with _suppress_logging(), anyio.fail_after(max(0.0, self._ends_at - time.monotonic())):
                        piece = await anext(pieces, None)
                    if piece is None:
                        break
                    for part in body.decoded(piece):
                        yield part
                body.finish()
        finally:
            with _suppress_logging():
                await _exhaust(self._response, pieces)


class AsyncHttpClient:
    """The asynchronous twin of `HttpClient`, with the same errors, by httpx.

    Connections belong to the event loop that opened them. Used under another one, as by a handler that calls
    `asyncio.run` in each invocation, it begins anew with an empty pool.

    Parameters
    ----------
    verify
        A TLS context; by default the one of this process.
    client
        An `httpx.AsyncClient` to use instead, for tests and for the odd network. It stays the caller's: it is not
        closed here.
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
        with _translated(request), _suppress_logging(), anyio.fail_after(request.timeout):
            attempt = _Attempt(request)
            while True:
                try:
                    response = await client.send(attempt.outgoing(client), stream=True)
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
            client = httpx.AsyncClient(
                verify=self._verify or shared_tls_context(), trust_env=False, follow_redirects=False, headers=_ACCEPTED
            )
            self._client = loop, client
        return self._client[1]


class _Attempt:
    """Sends a request as often as pooled connections turn out to be dead, which is no retry: nobody was asked."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._sent = 0
        self._connected = False

    def outgoing(self, client: httpx.AsyncClient) -> httpx.Request:
        """Make the request for httpx."""
        request = self._request
        self._sent += 1
        self._connected = False
        # The exchange's own limit also bounds each wait inside it.
        read = max(0.0, min(request.read_timeout, request.timeout))
        connect = max(0.0, min(request.connect_timeout, request.timeout))
        timeout = httpx.Timeout(read, connect=connect)
        outgoing: httpx.Request = client.build_request(
            request.method,
            request.url,
            headers=dict(request.headers),
            content=request.content,
            extensions={"timeout": timeout.as_dict(), "trace": self._trace},
        )
        if request.content:
            outgoing.stream = _Content(request.content)
        return outgoing

    async def _trace(self, event: str, _: Any) -> None:
        """See whether a connection is opened for it."""
        self._connected = self._connected or event.startswith("connection.connect_")

    def dead_socket_errors(self) -> tuple[type[Exception], ...]:
        """Name the errors that a connection has which died while it lay in the pool."""
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


class _Content(httpx.AsyncByteStream):
    """A body in one piece.

    httpx's own is an async generator, of which trio complains when a connection breaks before all of it is sent.
    """

    def __init__(self, content: bytes) -> None:
        self._left = [content]

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()


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
    """Turn httpx's errors into this package's."""
    try:
        yield
    except (httpx.TimeoutException, TimeoutError) as error:
        raise timed_out(request, error) from bare(error)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError) as error:
        raise invalid_request(request, error) from bare(error)
    except (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError) as error:
        described = not_understood if _is_no_http(error) else unreachable
        raise described(request, error) from bare(error)
    except (httpx.DecodingError, httpx.ProtocolError) as error:
        raise not_understood(request, error) from bare(error)


def _is_no_http(error: Exception) -> bool:
    """Tell a server that breaks the protocol from one that closes the connection; httpx has one error for both."""
    text = str(error)
    return (
        isinstance(error, httpx.RemoteProtocolError)
        and "disconnected" not in text  # httpcore: before the headers
        and "closed connection" not in text  # h11: within the body
    )


def _suppress_logging() -> AbstractContextManager[None]:
    """Keep a request out of the logs: httpx writes whole URLs at INFO, signed queries included, httpcore headers."""
    return suppress_logging("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy")
