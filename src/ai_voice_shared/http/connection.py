"""urllib3's connections, on a socket whose waits all end with the exchange.

urllib3's `Timeout` applies to each read, so a server that drips a byte a second is waited for without end. A subclass
of it whose `read_timeout` follows a deadline does not help, nor do `socket_options`: urllib3 reads both once for an
exchange. Its `_new_conn` is private, and TLS and the body come after it. What remains without private names: a
connection whose `connect` puts a `BoundedSocket` into the public `sock`.

`http.client`, by which urllib3 reads, drops what it has received beyond the end of a response, which may be another
response; takes a 103 for the response, the end of a connection for the end of the headers and the first of two lengths
for the length; and accepts 100 headers of 64 kB each. `ResponseFile` and `Response` see to these.
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
"""Bytes of a response's status line and headers, with those of the interim responses before it."""

_MAX_SECONDS = 86_400.0
_IDLE_SECONDS = 5.0
_MALFORMED = (email.errors.FirstHeaderLineIsContinuationDefect, email.errors.MissingHeaderBodySeparatorDefect)
_LENGTH = re.compile(r"[0-9]{1,18}")


class Exchange:
    """One attempt of a request, and what its connection has to know of it.

    Parameters
    ----------
    request, prepared
        The request, and its parts.
    deadline
        When all of it has to be over, on the clock of `time.monotonic`.
    fresh
        Whether no pooled connection may be used.
    """

    def __init__(self, request: HttpRequest, prepared: PreparedRequest, deadline: float, *, fresh: bool) -> None:
        self._deadline = deadline
        self.request = request
        self.prepared = prepared
        self.fresh = fresh
        self.is_pooled = False

    def time_left(self, limit: float, error: type[TransportError]) -> float:
        """Return the seconds of a wait, which never outlasts the exchange; raise the error where there are none."""
        # A socket does not wait at all for 0, and cannot for more than a clock has.
        left = min(limit, self._deadline - time.monotonic(), _MAX_SECONDS)
        if left <= 0:
            raise error
        return left


current_exchange: ContextVar[Exchange] = ContextVar("current_exchange")
"""The exchange for which urllib3 is called: it has no parameter that reaches a connection."""


class BoundedSocket:
    """A socket on which each wait ends with the current exchange, as `http.client` uses one.

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
        """End a response, and whether nothing came after it."""
        self._responded_at = time.monotonic()
        self._is_reusable &= is_clean

    def is_reusable(self) -> bool:
        """Return whether all was sent and nothing came after the response, which was not too long ago."""
        # What TLS has decrypted already does not make the socket readable.
        pending = getattr(self._inner, "pending", None)
        if not self._is_reusable or self._responded_at is None or (pending is not None and pending()):
            return False
        return time.monotonic() - self._responded_at < _IDLE_SECONDS

    def sendall(self, data: Any) -> None:
        """Send in chunks: over TLS, a socket's own `sendall` has its whole time for each record."""
        view = memoryview(data)
        try:
            while view and self._is_reusable:
                self._inner.settimeout(self.exchange.time_left(self.exchange.request.read_timeout, WriteTimeout))
                view = view[self._inner.send(view) :]
        except TimeoutError as error:
            raise WriteTimeout from error
        except OSError:
            # A server may respond before it has read all; where it does not, reading fails as well.
            self._is_reusable = False

    def receive_into(self, raw: io.RawIOBase, buffer: Any) -> int:
        """Receive bytes; none at the end of the connection."""
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
        """Close the socket, once the file of its response is closed too."""
        self._inner.close()

    def settimeout(self, _seconds: object) -> None:
        """Do nothing: the exchange has the limits."""

    def fileno(self) -> int:
        """Return the socket's descriptor, for urllib3 to see whether it is readable."""
        return self._inner.fileno()


class _RawResponse(io.RawIOBase):
    """The bytes of a response, as they come."""

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
        Whose response it is.
    raw
        The socket's own file.
    """

    def __init__(self, sock: BoundedSocket, raw: Any) -> None:
        self._response = _RawResponse(sock, raw)
        super().__init__(self._response)
        self._sock = sock
        self._head_left: int | None = MAX_HEAD_BYTES

    def readline(self, size: int | None = -1) -> bytes:
        """Return a whole line of the head, of a chunk's size or of a trailer."""
        line = super().readline(size)
        if not line.endswith(b"\n") and len(line) != size:
            raise DisconnectedError
        if self._head_left is not None:
            self._head_left -= len(line)
        # To urllib3, a chunk of -1 bytes is all that the server will ever send.
        if (self._head_left or 0) < 0 or line.startswith(b"-"):
            raise ProtocolError
        return line

    def end_head(self) -> None:
        """Take note that the final head was read: the sizes of chunks have no cap in common."""
        self._head_left = None

    def close(self) -> None:
        """End the response, and see whether more than it has come."""
        if not self.closed:
            self._response.is_over = True
            self._sock.finish(is_clean=not self.peek(1))
        super().close()


class Response(http.client.HTTPResponse):
    """A response without the interim ones before it (RFC 9110 section 15.2), whose body has one certain end."""

    fp: Any

    def begin(self) -> None:
        """Read heads up to that of the final response."""
        super().begin()
        while http.HTTPStatus.CONTINUE < self.status < http.HTTPStatus.OK and (
            self.status != http.HTTPStatus.SWITCHING_PROTOCOLS
        ):
            # By this, `begin` knows that no head was read yet.
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()
        if self.status in {http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED}:
            # They have no body, whatever their headers say; urllib3 would wait for its chunks.
            del self.headers["transfer-encoding"]
            self.chunked = False
        elif _is_ambiguous(self.headers):
            raise ProtocolError
        if self.fp is not None:
            self.fp.end_head()


def _is_ambiguous(headers: http.client.HTTPMessage) -> bool:
    """Return whether the end of the body would be guessed (RFC 9112 section 6.3), and half of it taken for all."""
    if any(isinstance(defect, _MALFORMED) for defect in headers.defects):
        return True
    lengths = {part.strip() for value in headers.get_all("content-length", []) for part in value.split(",")}
    codings = headers.get_all("transfer-encoding", [])
    return codings not in ([], ["chunked"]) or len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths))


class BoundedConnection(HTTPSConnection):
    """A connection within the limits of the current exchange; over TLS where it has a context for that."""

    sock: Any
    response_class = Response

    def connect(self) -> None:
        """Connect to the first of the host's addresses that accepts."""
        exchange = current_exchange.get()
        limit = exchange.request.connect_timeout
        # As bytes it does not go through the codec for names in other alphabets, whose import is expensive.
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
        # By the context, whose own matter it is.
        self.is_verified = True

    @property
    def is_connected(self) -> bool:
        """Return whether the connection may serve another exchange; what is readable now was not asked for."""
        is_usable = self.sock is not None and self.sock.is_reusable() and not current_exchange.get().fresh
        return is_usable and super().is_connected

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - urllib3 changed it
        """Begin a request, with the target as it was signed."""
        exchange = current_exchange.get()
        if self.sock is not None:
            self.sock.start(exchange)
        super().putrequest(method, exchange.prepared.target, *args, **kwargs)


def _connect(host: bytes, exchange: Exchange, limit: float) -> socket.socket:
    """Connect to one address after the other: `create_connection` has its whole time for each of a host's."""
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
