"""The asynchronous client, by httpx."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager, contextmanager, suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Self

import anyio
import httpx

from ai_voice_shared.http.body import BodyDecoder
from ai_voice_shared.http.errors import (
    ConnectError,
    ConnectTimeout,
    DisconnectedError,
    InvalidRequestError,
    ProtocolError,
    ReadTimeout,
    WriteTimeout,
    map_errors,
)
from ai_voice_shared.http.messages import HttpRequest, HttpResponse, combine_headers
from ai_voice_shared.http.prepare import prepare_request
from ai_voice_shared.http.tls import shared_tls_context
from ai_voice_shared.observability.suppression import suppress_logging

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping

    from ai_voice_shared.http.errors import TransportError

__all__ = ["AsyncHttpClient", "AsyncHttpStream"]


class AsyncHttpStream:
    """A response whose body has not been read yet, for an asynchronous client."""

    def __init__(self, response: httpx.Response, request: HttpRequest, deadline: float) -> None:
        self.status_code = response.status_code
        self.headers: Mapping[str, str] = combine_headers(response.headers.raw)
        self._response = response
        self._chunks = response.aiter_raw()
        self._request = request
        self._deadline = deadline
        self._is_complete = self._is_closed = False

    async def aiter_bytes(self) -> AsyncGenerator[bytes, None]:
        """Iterate over the body in chunks as they arrive, within the request's size and time limits."""
        decoder = BodyDecoder(self._request, self.headers)
        with map_errors(self._request):
            while chunk := await self._read():
                for decoded in decoder.decode(chunk):
                    yield decoded
            decoder.finish()

    async def aclose(self) -> None:
        """Close the connection, unless the body was read to its end."""
        self._is_closed = True
        with _map_httpx_errors():
            await self._response.aclose()
            # Exhausts httpx's generators: trio warns about those that are not.
            with suppress(Exception):
                while True:
                    await anext(self._chunks)

    async def _read(self) -> bytes:
        if self._is_closed and not self._is_complete:
            raise DisconnectedError
        with _map_httpx_errors(), anyio.fail_after(max(0.0, self._deadline - time.monotonic())):
            chunk = await anext(self._chunks, b"")
        self._is_complete = not chunk
        return chunk


class AsyncHttpClient:
    """The asynchronous counterpart of `HttpClient`, with the same errors.

    It opens a connection for each request. httpcore buffers bytes beyond the end of a response and reads them as the
    next one, and no public name shows them, so a pooled connection could deliver another request's response. A pool
    would also end with the event loop, which a handler that calls `asyncio.run` creates for each invocation.

    Parameters
    ----------
    verify
        A TLS context; by default the one of this process.
    client
        An `httpx.AsyncClient` to use instead, for tests and for unusual networks. The caller closes it and decides
        which connections it reuses.
    """

    def __init__(self, *, verify: ssl.SSLContext | None = None, client: httpx.AsyncClient | None = None) -> None:
        self._verify = verify
        self._given = client
        self._client: httpx.AsyncClient | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and read the response, whatever its status; raise as `HttpClient.send`."""
        async with self.stream(request) as stream:
            content = b"".join([chunk async for chunk in stream.aiter_bytes()])
            return HttpResponse(stream.status_code, stream.headers, content)

    @asynccontextmanager
    async def stream(self, request: HttpRequest) -> AsyncIterator[AsyncHttpStream]:
        """Send a request and return the response once its headers are received; raise as `send`."""
        deadline = time.monotonic() + request.timeout
        with map_errors(request), _map_httpx_errors(), anyio.fail_after(request.timeout):
            client = self._ensure_client()
            response = await client.send(_build_request(client, request), stream=True)
        stream = AsyncHttpStream(response, request, deadline)
        try:
            yield stream
        finally:
            await stream.aclose()

    async def aclose(self) -> None:
        """Do nothing, because no connection stays open; for symmetry with `HttpClient.close`."""

    def _ensure_client(self) -> httpx.AsyncClient:
        if self._given is not None:
            return self._given
        if self._client is None:
            # httpx stores cookies, and would send those of one response with the next request.
            cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
            self._client = httpx.AsyncClient(
                verify=self._verify or shared_tls_context(),
                trust_env=False,
                cookies=cookies,
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        return self._client


def _build_request(client: httpx.AsyncClient, request: HttpRequest) -> httpx.Request:
    prepared = prepare_request(request)
    target = prepared.target.encode()
    url = httpx.URL(scheme=prepared.scheme, host=prepared.host, port=prepared.port, raw_path=target)
    # The exchange's own limit also bounds each wait inside it.
    read, connect = (max(0.0, min(limit, request.timeout)) for limit in (request.read_timeout, request.connect_timeout))
    timeout = httpx.Timeout(read, connect=connect).as_dict()
    # The target as it was signed, which httpx would normalise.
    extensions = {"target": target, "timeout": timeout}
    httpx_request: httpx.Request = client.build_request(
        prepared.method, url, headers=prepared.headers, content=request.content, extensions=extensions
    )
    if request.content:
        httpx_request.stream = _Content(request.content)
    return httpx_request


class _Content(httpx.AsyncByteStream):
    """A body in one chunk; httpx's own is a generator, which trio warns about if the connection breaks first."""

    def __init__(self, content: bytes) -> None:
        self._chunks = [content]

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if not self._chunks:
            raise StopAsyncIteration
        return self._chunks.pop()


_FAILURES: dict[str, type[TransportError]] = {
    "CloseError": DisconnectedError,
    "ConnectError": ConnectError,
    "ConnectTimeout": ConnectTimeout,
    "InvalidURL": InvalidRequestError,
    "LocalProtocolError": InvalidRequestError,
    "PoolTimeout": ConnectTimeout,
    "ProxyError": ConnectError,
    "ReadError": DisconnectedError,
    "ReadTimeout": ReadTimeout,
    "TimeoutError": ReadTimeout,
    "UnsupportedProtocol": InvalidRequestError,
    "WriteError": DisconnectedError,
    "WriteTimeout": WriteTimeout,
}


@contextmanager
def _map_httpx_errors() -> Iterator[None]:
    """Map the errors of httpx, and suppress its log lines."""
    try:
        # They contain URLs with signed queries at INFO, and headers at DEBUG.
        with suppress_logging("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy"):
            yield
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        text = str(error)
        # The texts of httpcore before the head and of h11 in the body; their class is that of protocol errors too.
        is_end = "disconnected" in text or "closed connection" in text
        raise _FAILURES.get(type(error).__name__, DisconnectedError if is_end else ProtocolError) from error
