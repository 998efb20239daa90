"""The synchronous client, by urllib3, which botocore loads anyway."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ai_voice_shared.errors import ConfigurationError
from ai_voice_shared.http.body import BodyDecoder
from ai_voice_shared.http.errors import DisconnectedError, ProtocolError, map_errors
from ai_voice_shared.http.messages import HttpRequest, HttpResponse, combine_headers
from ai_voice_shared.http.prepare import prepare_request
from ai_voice_shared.http.tls import shared_tls_context
from ai_voice_shared.observability.suppression import suppress_logging

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from urllib3 import BaseHTTPResponse, PoolManager

    from ai_voice_shared.http.connection import Exchange
    from ai_voice_shared.http.errors import TransportError

__all__ = ["HttpClient", "HttpStream"]

_CHUNK = 1 << 16
_MAX_IDLE = 20


class HttpStream:
    """A response whose body has not been read yet, for a synchronous client."""

    def __init__(self, response: BaseHTTPResponse, request: HttpRequest) -> None:
        self.status_code = response.status
        self.headers: Mapping[str, str] = combine_headers(
            (name.encode(), value.encode("latin-1")) for name, value in response.headers.iteritems()
        )
        self._response = response
        self._request = request
        self._is_complete = self._is_closed = False

    def iter_bytes(self) -> Iterator[bytes]:
        """Iterate over the body in chunks as they arrive, within the request's size and time limits."""
        decoder = BodyDecoder(self._request, self.headers)
        with map_errors(self._request):
            while chunk := self._read():
                yield from decoder.decode(chunk)
            decoder.finish()

    def close(self) -> None:
        """Close the connection, unless the body was read to its end."""
        self._is_closed = True
        with _suppress_logging():
            self._response.close()

    def _read(self) -> bytes:
        from urllib3.exceptions import HTTPError

        if self._is_closed and not self._is_complete:
            raise DisconnectedError
        try:
            with _suppress_logging():
                chunk = self._response.read1(_CHUNK)
        except HTTPError as error:
            raise _to_transport_error(error) from error
        self._is_complete = not chunk
        return chunk


class HttpClient:
    """A synchronous HTTP client. One instance serves all threads.

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
        self._manager: PoolManager | None = None
        self._process = 0
        self._lock = threading.Lock()

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and read the response, whatever its status.

        Raises
        ------
        ServiceUnavailableError
            The connection failed or broke.
        ServiceTimeoutError
            The request's time limits were exceeded.
        ServiceResponseError
            The response is not valid HTTP, or has more than `max_bytes`.
        ConfigurationError
            The request cannot be sent: its URL or a header is not valid.
        """
        with self.stream(request) as stream:
            content = b"".join(stream.iter_bytes())
            return HttpResponse(stream.status_code, stream.headers, content)

    @contextmanager
    def stream(self, request: HttpRequest) -> Iterator[HttpStream]:
        """Send a request and return the response once its headers are received; raise as `send`."""
        deadline = time.monotonic() + request.timeout
        with map_errors(request):
            stream = HttpStream(self._open(request, deadline), request)
        try:
            yield stream
        finally:
            stream.close()

    def warm_up(self) -> None:
        """Create the pool and the TLS context in advance; nothing is sent."""
        self._ensure_manager()
        self._get_tls_context()

    def close(self) -> None:
        """Close the pooled connections; the next call opens new ones."""
        with self._lock:
            manager, self._manager = self._manager, None
        if manager is not None:
            manager.clear()

    def _open(self, request: HttpRequest, deadline: float) -> BaseHTTPResponse:
        prepared = prepare_request(request)
        manager = self._ensure_manager()
        from ai_voice_shared.http.connection import Exchange

        exchange = Exchange(request, prepared, deadline, fresh=False)
        try:
            return self._attempt(manager, exchange)
        except DisconnectedError:
            # A pooled connection that died in a freeze.
            if not exchange.is_pooled or not request.idempotent or time.monotonic() >= deadline:
                raise
        return self._attempt(manager, Exchange(request, prepared, deadline, fresh=True))

    def _attempt(self, manager: PoolManager, exchange: Exchange) -> BaseHTTPResponse:
        from urllib3.exceptions import HTTPError

        from ai_voice_shared.http.connection import current_exchange

        prepared = exchange.prepared
        tls = {"ssl_context": self._get_tls_context()} if prepared.scheme == "https" else None
        pool = manager.connection_from_host(prepared.host, prepared.port, prepared.scheme, tls)
        token = current_exchange.set(exchange)
        try:
            with _suppress_logging():
                return pool.urlopen(
                    prepared.method,
                    "/",
                    body=exchange.request.content,
                    headers=prepared.headers,
                    retries=False,
                    redirect=False,
                    assert_same_host=False,
                    preload_content=False,
                    decode_content=False,
                    enforce_content_length=True,
                )
        except HTTPError as error:
            raise _to_transport_error(error) from error
        finally:
            current_exchange.reset(token)

    def _get_tls_context(self) -> ssl.SSLContext:
        return self._verify or shared_tls_context()

    def _ensure_manager(self) -> PoolManager:
        import urllib3

        if not hasattr(urllib3, "BaseHTTPResponse"):
            # A function's own packages precede the layer; 1.26 has no public way to reject a connection.
            msg = "the function contains urllib3 1: it must contain urllib3 2.5 or later, or none"
            raise ConfigurationError(msg)
        from ai_voice_shared.http.connection import POOL_CLASSES

        with self._lock:
            # Two processes on one socket would read each other's responses.
            if self._manager is None or self._process != os.getpid():
                self._manager, self._process = urllib3.PoolManager(maxsize=_MAX_IDLE), os.getpid()
                self._manager.pool_classes_by_scheme = POOL_CLASSES
            return self._manager


def _to_transport_error(error: Exception) -> TransportError:
    """Return the equivalent of an error of urllib3: a broken connection, or a violated protocol."""
    from http.client import HTTPException, IncompleteRead

    from urllib3.exceptions import InvalidChunkLength

    cause = error if isinstance(error, InvalidChunkLength) else error.__cause__ or error.__context__
    is_end = isinstance(cause, (OSError, IncompleteRead)) and not isinstance(cause, InvalidChunkLength)
    return ProtocolError() if isinstance(cause, (HTTPException, ValueError)) and not is_end else DisconnectedError()


def _suppress_logging() -> AbstractContextManager[None]:
    """Suppress the log lines of urllib3, which contain URLs at DEBUG."""
    return suppress_logging("urllib3.connection", "urllib3.connectionpool", "urllib3.response", "urllib3.util.retry")
