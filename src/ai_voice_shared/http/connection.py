"""urllib3's connections, on a socket whose waits are bounded by the exchange's deadline.

urllib3's `Timeout` applies to each read, so a server that sends a byte per second can delay the response without end. A
subclass of it whose `read_timeout` follows a deadline does not help, nor do `socket_options`: urllib3 reads both once
per exchange. Its `_new_conn` is private, and TLS and the body come after it. Without private names, what remains is a
connection whose `connect` assigns a `BoundedSocket` to the public `sock`.

`http.client`, by which urllib3 reads, discards bytes beyond the end of a response, which may be another response;
treats a 103 as the final response, the end of a connection as the end of the headers, and the first of two lengths as
the length; and accepts 100 headers of 64 kB each. `ResponseFile` and `Response` correct this.
"""

from __future__ import annotations

import email.errors
import http.client
import io
import re
import socket
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPSConnection

from ai_voice_shared.http.errors import (
    ConnectError,
    ConnectTimeout,
    DisconnectedError,
    ProtocolError,
    ReadTimeout,
    WriteTimeout,
)

if TYPE_CHECKING:
    from ai_voice_shared.http.errors import TransportError
    from ai_voice_shared.http.messages import HttpRequest
    from ai_voice_shared.http.prepare import PreparedRequest

__all__ = ["MAX_HEAD_BYTES", "POOL_CLASSES", "Exchange", "current_exchange"]

MAX_HEAD_BYTES = 1 << 16
"""Maximum size of a response's status line and headers, including those of interim responses."""

_MAX_SECONDS = 86_400.0
_IDLE_SECONDS = 5.0
_MALFORMED = (email.errors.FirstHeaderLineIsContinuationDefect, email.errors.MissingHeaderBodySeparatorDefect)
_LENGTH = re.compile(r"[0-9]{1,18}")


class Exchange:
    """One attempt of a request, with the limits for its connection.

    Parameters
    ----------
    request, prepared
        The request, and its prepared parts.
    deadline
        When the exchange must have ended, by `time.monotonic`.
    fresh
        Whether to open a new connection in place of a pooled one.
    """

    def __init__(self, request: HttpRequest, prepared: PreparedRequest, deadline: float, *, fresh: bool) -> None:
        self._deadline = deadline
        self.request = request
        self.prepared = prepared
        self.fresh = fresh
        self.is_pooled = False

    def time_left(self, limit: float, error: type[TransportError]) -> float:
        """Return the seconds of a wait within the exchange's deadline; raise the error after it."""
        # A socket with a timeout of 0 does not block, and very large timeouts overflow.
        left = min(limit, self._deadline - time.monotonic(), _MAX_SECONDS)
        if left <= 0:
            raise error
        return left


current_exchange: ContextVar[Exchange] = ContextVar("current_exchange")
"""The exchange of the current call of urllib3, which passes no parameter on to its connections."""


class BoundedSocket:
    """A socket for `http.client` on which every wait is bounded by the current exchange.

    Parameters
    ----------
    inner
        The connected socket.
    exchange
        The first exchange on it.
    """

    def __init__(self, inner: socket.socket, exchange: Exchange) -> None:
        self._inner = inner
        self._responded_at: float | None = None
        self._is_reusable = True
        self.exchange = exchange

    def start(self, exchange: Exchange) -> None:
        """Begin an exchange."""
        self.exchange = exchange
        exchange.is_pooled = self._responded_at is not None

    def finish(self, *, is_clean: bool) -> None:
        """End a response; `is_clean` if no bytes followed it."""
        self._responded_at = time.monotonic()
        self._is_reusable &= is_clean

    def is_reusable(self) -> bool:
        """Return whether the last exchange was complete and recent, and no bytes followed the response."""
        # Bytes that TLS has decrypted already do not make the socket readable.
        pending = getattr(self._inner, "pending", None)
        if not self._is_reusable or self._responded_at is None or (pending is not None and pending()):
            return False
        return time.monotonic() - self._responded_at < _IDLE_SECONDS

    def sendall(self, data: Any) -> None:
        """Send in chunks, because over TLS the timeout of a socket's own `sendall` applies to each record."""
        view = memoryview(data)
        try:
            while view and self._is_reusable:
                self._inner.settimeout(self.exchange.time_left(self.exchange.request.read_timeout, WriteTimeout))
                view = view[self._inner.send(view) :]
        except TimeoutError as error:
            raise WriteTimeout from error
        except OSError:
            # A server may respond before it has read the whole request; if it does not, reading fails as well.
            self._is_reusable = False

    def receive_into(self, raw: io.RawIOBase, buffer: Any) -> int:
        """Receive bytes; return 0 at the end of the connection."""
        self._inner.settimeout(self.exchange.time_left(self.exchange.request.read_timeout, ReadTimeout))
        try:
            return raw.readinto(buffer) or 0
        except TimeoutError as error:
            raise ReadTimeout from error
        except OSError as error:
            raise DisconnectedError from error

    def makefile(self, _mode: str) -> ResponseFile:
        """Return the file of the next response."""
        return ResponseFile(self, self._inner.makefile("rb", buffering=0))

    def close(self) -> None:
        """Close the socket once the file of its response is closed too."""
        self._inner.close()

    def settimeout(self, _seconds: object) -> None:
        """Do nothing: the exchange sets the timeouts."""

    def fileno(self) -> int:
        """Return the socket's descriptor, for urllib3 to see whether it is readable."""
        return self._inner.fileno()


class _RawResponse(io.RawIOBase):
    """The bytes of a response as they arrive."""

    def __init__(self, sock: BoundedSocket, raw: io.RawIOBase) -> None:
        self._sock = sock
        self._raw = raw
        self.is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return 0 if self.is_over else self._sock.receive_into(self._raw, buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class ResponseFile(io.BufferedReader):
    """The file by which `http.client` reads a response.

    Parameters
    ----------
    sock
        The socket that receives the response.
    raw
        The socket's own file.
    """

    def __init__(self, sock: BoundedSocket, raw: Any) -> None:
        self._response = _RawResponse(sock, raw)
        super().__init__(self._response)
        self._sock = sock
        self._head_left: int | None = MAX_HEAD_BYTES

    def readline(self, size: int | None = -1) -> bytes:
        """Return a complete line of the head, a chunk size or a trailer."""
        line = super().readline(size)
        if not line.endswith(b"\n") and len(line) != size:
            raise DisconnectedError
        if self._head_left is not None:
            self._head_left -= len(line)
        # urllib3 would read a chunk of -1 bytes until the end of the connection.
        if (self._head_left or 0) < 0 or line.startswith(b"-"):
            raise ProtocolError
        return line

    def end_head(self) -> None:
        """End the limit for the head, which does not apply to chunk sizes."""
        self._head_left = None

    def close(self) -> None:
        """End the response, and report to the socket whether more bytes followed it."""
        if not self.closed:
            self._response.is_over = True
            self._sock.finish(is_clean=not self.peek(1))
        super().close()


class Response(http.client.HTTPResponse):
    """A response that skips interim responses (RFC 9110 section 15.2) and rejects ambiguous body lengths."""

    fp: Any

    def begin(self) -> None:
        """Read heads up to that of the final response."""
        super().begin()
        while http.HTTPStatus.CONTINUE < self.status < http.HTTPStatus.OK and (
            self.status != http.HTTPStatus.SWITCHING_PROTOCOLS
        ):
            # `begin` returns at once if headers are set.
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()
        if self.status in {http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED}:
            # They never have a body, whatever their headers; urllib3 would wait for chunks.
            del self.headers["transfer-encoding"]
            self.chunked = False
        elif _is_ambiguous(self.headers):
            raise ProtocolError
        if self.fp is not None:
            self.fp.end_head()


def _is_ambiguous(headers: http.client.HTTPMessage) -> bool:
    """Return whether the body's length is ambiguous (RFC 9112 section 6.3), so that it could be truncated unnoticed."""
    if any(isinstance(defect, _MALFORMED) for defect in headers.defects):
        return True
    lengths = {part.strip() for value in headers.get_all("content-length", []) for part in value.split(",")}
    codings = headers.get_all("transfer-encoding", [])
    return codings not in ([], ["chunked"]) or len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths))


class BoundedConnection(HTTPSConnection):
    """A connection within the limits of the current exchange; over TLS if it has a context."""

    sock: Any
    response_class = Response

    def connect(self) -> None:
        """Connect to the first of the host's addresses that accepts."""
        exchange = current_exchange.get()
        limit = exchange.request.connect_timeout
        # As bytes, because text would import the IDNA codec, which is expensive.
        host = exchange.prepared.host.encode()
        try:
            sock = _connect(host, exchange, limit)
            if self.ssl_context is not None:
                sock.settimeout(exchange.time_left(limit, ConnectTimeout))
                sock = self.ssl_context.wrap_socket(sock, server_hostname=host.rstrip(b"."))
        except TimeoutError as error:
            raise ConnectTimeout from error
        except OSError as error:
            raise ConnectError from error
        self.sock = BoundedSocket(sock, exchange)
        # The TLS context verifies.
        self.is_verified = True

    @property
    def is_connected(self) -> bool:
        """Return whether the connection may be reused; it may not if unrequested bytes are readable."""
        is_usable = self.sock is not None and self.sock.is_reusable() and not current_exchange.get().fresh
        return is_usable and super().is_connected

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - urllib3 has normalised it
        """Begin a request, with the target as it was signed."""
        exchange = current_exchange.get()
        if self.sock is not None:
            self.sock.start(exchange)
        super().putrequest(method, exchange.prepared.target, *args, **kwargs)


def _connect(host: bytes, exchange: Exchange, limit: float) -> socket.socket:
    """Connect to the addresses in turn, because the timeout of `create_connection` applies to each of them."""
    failure: OSError | None = None
    for *_, (address, port, *_) in socket.getaddrinfo(host, exchange.prepared.port, 0, socket.SOCK_STREAM):
        target: Any = str(address).encode(), port
        try:
            sock = socket.create_connection(target, exchange.time_left(limit, ConnectTimeout))
        except OSError as error:
            failure = error
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    raise failure or ConnectError


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = BoundedConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = BoundedConnection


POOL_CLASSES = {"http": _HttpPool, "https": _HttpsPool}
"""For `PoolManager.pool_classes_by_scheme`."""
