"""The synchronous client. It sends by the standard library; `pool` says why."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ai_voice_shared.http.errors import translated
from ai_voice_shared.http.messages import Body, HttpRequest, HttpResponse
from ai_voice_shared.http.pool import Exchange, Pool
from ai_voice_shared.http.tls import shared_tls_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

__all__ = ["HttpClient", "HttpStream"]


class HttpStream:
    """A response with its body still to come, for a synchronous client."""

    def __init__(self, exchange: Exchange, request: HttpRequest) -> None:
        self.status_code = exchange.status_code
        self.headers: Mapping[str, str] = exchange.headers
        self._exchange = exchange
        self._request = request

    def iter_bytes(self) -> Iterator[bytes]:
        """Give the body in pieces as they arrive; cut off at the request's cap and time limit."""
        body = Body(self._request, self.headers)
        with translated(self._request):
            while piece := self._exchange.read():
                yield from body.decoded(piece)
            body.finish()


class HttpClient:
    """A synchronous HTTP client. It is made on first use, and one serves all threads.

    Parameters
    ----------
    verify
        A TLS context; by default the one of this process.

    Examples
    --------
    >>> client = HttpClient()
    >>> client.close()
    """

    def __init__(self, *, verify: ssl.SSLContext | None = None) -> None:
        self._verify = verify
        self._pool: Pool | None = None
        self._process = 0
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
        with translated(request):
            exchange = self._ready().open(request, ends_at)
        try:
            yield HttpStream(exchange, request)
        finally:
            exchange.close()

    def warm_up(self) -> None:
        """Make now what the first request would have to wait for; nothing is sent."""
        self._ready()
        self._tls()

    def close(self) -> None:
        """Close the pooled connections; the next call opens new ones."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _tls(self) -> ssl.SSLContext:
        return self._verify or shared_tls_context()

    def _ready(self) -> Pool:
        with self._lock:
            process = os.getpid()
            if self._pool is not None and self._process != process:
                # Two processes at one socket would get each other's answers.
                self._pool.disown()
                self._pool = None
            if self._pool is None:
                self._pool, self._process = Pool(self._tls), process
            return self._pool
