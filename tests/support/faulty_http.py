"""A small HTTP server on loopback with injected faults: real sockets, one thread for each connection.

It records the requests. The `responses` are used in turn, and the last one is repeated. A responder is a function
that writes to the connection and returns whether the connection stays open.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

from ai_voice_shared.http import HttpRequest

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

__all__ = [
    "FaultyHttp",
    "ReceivedRequest",
    "Responder",
    "ask",
    "closed_port",
    "echo",
    "full_backlog",
    "hang_up",
    "late",
    "raw",
    "reply",
    "reset",
    "stall",
    "trickle",
]


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as received; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


class Responder(Protocol):
    """A callable that responds to one request; True keeps the connection open."""

    def __call__(self, server: FaultyHttp, peer: socket.socket, request: ReceivedRequest, /) -> bool:
        """Write to the connection, and return whether it stays open."""


def _message(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def reply(
    status: int = 200, body: Any = b"", headers: Mapping[str, str] | None = None, *, keep: bool = True
) -> Responder:
    """Return a well-formed response; a body other than bytes becomes JSON. Without `keep` it is the last one."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def respond(server: FaultyHttp, peer: socket.socket, _: ReceivedRequest) -> bool:
        peer.sendall(_message(status, {"Content-Length": str(len(content)), **(headers or {})}, content))
        return keep

    return respond


def raw(data: bytes, *, keep: bool = False) -> Responder:
    """Return a responder that writes these bytes and closes the connection, or leaves it open with `keep`."""

    def respond(server: FaultyHttp, peer: socket.socket, _: ReceivedRequest) -> bool:
        peer.sendall(data)
        return keep

    return respond


def hang_up(server: FaultyHttp, peer: socket.socket, request: ReceivedRequest) -> bool:
    """Close the connection cleanly, without a response."""
    return False


def reset(server: FaultyHttp, peer: socket.socket, request: ReceivedRequest) -> bool:
    """Close the connection with a reset."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def stall(data: bytes = b"") -> Responder:
    """Return a responder that writes these bytes, then nothing until the server closes or the client disconnects."""

    def respond(server: FaultyHttp, peer: socket.socket, _: ReceivedRequest) -> bool:
        peer.sendall(data)
        server.until_left(peer)
        return False

    return respond


def late(data: bytes, surplus: bytes) -> Responder:
    """Return a responder that writes these bytes, and the surplus once `release` is set; then it sets `released`."""

    def respond(server: FaultyHttp, peer: socket.socket, _: ReceivedRequest) -> bool:
        peer.sendall(data)
        server.release.wait(10)
        peer.sendall(surplus)
        server.released.set()
        return True

    return respond


def trickle(data: bytes, *, at_once: int = 0, pause: float = 0.02) -> Responder:
    """Return a responder that writes the first `at_once` bytes, then one at a time with a pause before each."""

    def respond(server: FaultyHttp, peer: socket.socket, _: ReceivedRequest) -> bool:
        peer.sendall(data[:at_once])
        for byte in data[at_once:]:
            if server.closing.wait(pause):
                break
            peer.sendall(bytes([byte]))
        return False

    return respond


def echo(server: FaultyHttp, peer: socket.socket, request: ReceivedRequest) -> bool:
    """Respond with the request's own body."""
    return reply(200, request.body)(server, peer, request)


@dataclass
class FaultyHttp:
    """The server, as a context manager that listens while its block runs.

    Parameters
    ----------
    responses
        The responders to use in turn; the last one is repeated.
    check
        Called before each response; a status that it returns is sent instead.
    tls
        The context of a server over TLS.
    """

    responses: list[Responder] = field(default_factory=lambda: [reply()])
    check: Callable[[ReceivedRequest], int | None] | None = None
    requests: list[ReceivedRequest] = field(default_factory=list)
    connections: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    tls: ssl.SSLContext | None = None
    release: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.url = f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        # This wakes the accepting thread.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def next_connection_ended(self) -> None:
        """Wait until this side has closed one more connection."""
        assert self.ended.acquire(timeout=10)

    def until_left(self, peer: socket.socket) -> None:
        """Wait until the client disconnects or the server closes."""
        peer.settimeout(0.05)
        while not self.closing.is_set():
            try:
                if not peer.recv(1):
                    return
            except TimeoutError:
                continue

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(peer, self.connections), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: socket.socket, number: int) -> None:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with self._secure(peer) as connection:
                while (request := self._read(connection, number)) is not None:
                    if not self._next(request)(self, connection, request):
                        break
        except OSError:
            pass  # the client has disconnected, as many tests intend
        finally:
            self.ended.release()

    def _secure(self, peer: socket.socket) -> socket.socket:
        return peer if self.tls is None else self.tls.wrap_socket(peer, server_side=True)

    def _next(self, request: ReceivedRequest) -> Responder:
        status = self.check(request) if self.check is not None else None
        with self._lock:
            self.requests.append(request)
            if status is not None:
                return reply(status)
            return self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]

    def _read(self, peer: socket.socket, number: int) -> ReceivedRequest | None:
        data = b""
        peer.settimeout(0.05)
        while b"\r\n\r\n" not in data:
            data += (more := self._some(peer))
            if not more:
                return None
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += (more := self._some(peer))
            if not more:
                return None
        method, target, _ = first.split(" ", 2)
        peer.settimeout(None)
        return ReceivedRequest(method, target, headers, body, number)

    def _some(self, peer: socket.socket) -> bytes:
        while not self.closing.is_set():
            try:
                return peer.recv(65536)
            except TimeoutError:
                continue
        return b""


def closed_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def full_backlog() -> Iterator[int]:
    """Yield a port on which no connection completes, because its backlog is full and never drained."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        try:
            for _ in range(3):
                pending = socket.socket()
                pending.setblocking(False)
                pending.connect_ex(listener.getsockname())
                waiting.append(pending)
            yield listener.getsockname()[1]
        finally:
            for pending in waiting:
                pending.close()


def ask(server: FaultyHttp, **changes: Any) -> HttpRequest:
    """Create a request with short time limits."""
    values: dict[str, Any] = {
        "method": "GET",
        "url": f"{server.url}/x",
        "connect_timeout": 5.0,
        "read_timeout": 5.0,
        "timeout": 5.0,
        "service": "the-service",
    }
    return HttpRequest(**(values | changes))
