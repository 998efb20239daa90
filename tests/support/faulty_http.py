"""A small HTTP server on loopback that misbehaves as a test wants it: real sockets, one thread for each connection.

It records the requests. `answers` are used in turn, the last one stays. An answer is a function that writes to the
connection and returns whether the connection stays open.
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
    "Answer",
    "FaultyHttp",
    "ReceivedRequest",
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
    """A request as it came; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


class Answer(Protocol):
    """Responds to one request; True keeps the connection open."""

    def __call__(self, server: FaultyHttp, peer: socket.socket, asked: ReceivedRequest, /) -> bool:
        """Write to the connection."""


def _message(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def reply(status: int = 200, body: Any = b"", headers: Mapping[str, str] | None = None, *, keep: bool = True) -> Answer:
    """Answer as one should; what is no bytes becomes JSON. Without `keep` the connection ends after it, unannounced."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def answer(server: FaultyHttp, peer: socket.socket, _: ReceivedRequest) -> bool:
        peer.sendall(_message(status, {"Content-Length": str(len(content)), **(headers or {})}, content))
        return keep

    return answer


def raw(data: bytes, *, keep: bool = False) -> Answer:
    """Write these bytes and close the connection, unless it is to be kept open."""

    def answer(server: FaultyHttp, peer: socket.socket, _: ReceivedRequest) -> bool:
        peer.sendall(data)
        return keep

    return answer


def hang_up(server: FaultyHttp, peer: socket.socket, asked: ReceivedRequest) -> bool:
    """Close the connection in good order, without an answer."""
    return False


def reset(server: FaultyHttp, peer: socket.socket, asked: ReceivedRequest) -> bool:
    """Close the connection with a reset."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def stall(data: bytes = b"") -> Answer:
    """Write these bytes, and then nothing until the server is closed or the client has left."""

    def answer(server: FaultyHttp, peer: socket.socket, _: ReceivedRequest) -> bool:
        peer.sendall(data)
        server.until_left(peer)
        return False

    return answer


def late(data: bytes, surplus: bytes) -> Answer:
    """Write these bytes, and the surplus once the test sets `release`; `released` says that it was written."""

    def answer(server: FaultyHttp, peer: socket.socket, _: ReceivedRequest) -> bool:
        peer.sendall(data)
        server.release.wait(10)
        peer.sendall(surplus)
        server.released.set()
        return True

    return answer


def trickle(data: bytes, *, at_once: int = 0, pause: float = 0.02) -> Answer:
    """Write these bytes one at a time, after the first `at_once`, with a pause before each."""

    def answer(server: FaultyHttp, peer: socket.socket, _: ReceivedRequest) -> bool:
        peer.sendall(data[:at_once])
        for byte in data[at_once:]:
            if server.closing.wait(pause):
                break
            peer.sendall(bytes([byte]))
        return False

    return answer


def echo(server: FaultyHttp, peer: socket.socket, asked: ReceivedRequest) -> bool:
    """Answer with the request's own body."""
    return reply(200, asked.body)(server, peer, asked)


@dataclass
class FaultyHttp:
    """The server; a context manager that listens while its block runs.

    Parameters
    ----------
    answers
        What it does, in turn; the last one stays.
    check
        Called before each answer; a status that it returns is sent instead.
    tls
        For a server over TLS.
    """

    answers: list[Answer] = field(default_factory=lambda: [reply()])
    check: Callable[[ReceivedRequest], int | None] | None = None
    asked: list[ReceivedRequest] = field(default_factory=list)
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
        # Wakes the thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def next_connection_ended(self) -> None:
        """Wait until one more connection was closed by this side."""
        assert self.ended.acquire(timeout=10)

    def until_left(self, peer: socket.socket) -> None:
        """Wait until the client has left, or the server is closed."""
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
                while (asked := self._read(connection, number)) is not None:
                    if not self._next(asked)(self, connection, asked):
                        break
        except OSError:
            pass  # the client has left, as it often should
        finally:
            self.ended.release()

    def _secure(self, peer: socket.socket) -> socket.socket:
        return peer if self.tls is None else self.tls.wrap_socket(peer, server_side=True)

    def _next(self, asked: ReceivedRequest) -> Answer:
        status = self.check(asked) if self.check is not None else None
        with self._lock:
            self.asked.append(asked)
            if status is not None:
                return reply(status)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

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
    """Give a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def full_backlog() -> Iterator[int]:
    """Give a port at which no connection is completed: its queue is full and nobody takes from it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        try:
            for _ in range(3):
                one = socket.socket()
                one.setblocking(False)
                one.connect_ex(listener.getsockname())
                waiting.append(one)
            yield listener.getsockname()[1]
        finally:
            for one in waiting:
                one.close()


def ask(server: FaultyHttp, **changes: Any) -> HttpRequest:
    """Make a request with short time limits."""
    values: dict[str, Any] = {
        "method": "GET",
        "url": f"{server.url}/x",
        "connect_timeout": 5.0,
        "read_timeout": 5.0,
        "timeout": 5.0,
        "service": "the-service",
    }
    return HttpRequest(**(values | changes))
