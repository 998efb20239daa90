"""What `http.client` takes for a socket: each wait on it ends with the exchange, and it outlives an answer."""

from __future__ import annotations

import io
import select
import time
from typing import TYPE_CHECKING, Any

from ai_voice_shared.http.errors import (
    DisconnectedError,
    NoHttpError,
    ReadError,
    ReadTimeout,
    WriteError,
    WriteTimeout,
)

if TYPE_CHECKING:
    import socket

__all__ = ["PIECE", "Wire", "time_left"]

PIECE = 1 << 16
"""Bytes that are read or written at once."""

_MOST_SECONDS = 86_400.0


class Wire:
    """What `http.client` takes for a socket."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner
        self._reader = _Reader(_Incoming(self, inner), PIECE)
        self.read_timeout = self.ends_at = 0.0
        self.write_error: WriteError | None = None
        self.answered = False

    def sendall(self, data: bytes) -> None:
        """Send, in pieces each of which has its time."""
        view = memoryview(data)
        try:
            # Not by `sendall`, whose time over TLS is for each record anew.
            while view and self.write_error is None:
                self._inner.settimeout(time_left(self.read_timeout, self.ends_at, WriteTimeout))
                view = view[self._inner.send(view[:PIECE]) :]
        except TimeoutError as error:
            raise WriteTimeout from error
        except OSError as error:
            self.write_error = WriteError()
            self.write_error.__cause__ = error

    def makefile(self, _: str) -> _Reader:
        """Give the one reader, so that nothing is lost between two answers."""
        self.answered = False
        return self._reader

    def close(self) -> None:
        """Do nothing: `http.client` closes it before a body that ends with the connection was read."""

    def is_clean(self) -> bool:
        """Say whether everything was sent and nothing came after the answer."""
        self.answered = True
        # What TLS has decrypted already does not make the socket readable.
        pending = getattr(self._inner, "pending", None)
        return self.write_error is None and not self._reader.peek(1) and not (pending and pending())

    def is_readable(self) -> bool:
        """Say whether something waits to be read."""
        if not hasattr(select, "poll"):
            return bool(select.select([self._inner], [], [], 0)[0])
        poll = select.poll()
        poll.register(self._inner, select.POLLIN)
        return bool(poll.poll(0))

    def close_socket(self) -> None:
        """Close the socket."""
        self._inner.close()


class _Incoming(io.RawIOBase):
    """The bytes of a socket, each of whose waits has its time."""

    def __init__(self, wire: Wire, inner: socket.socket) -> None:
        self._wire = wire
        self._inner = inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        wire = self._wire
        if wire.answered:
            # Nothing more is due; what is asked for is what lies in the buffer.
            return None
        self._inner.settimeout(time_left(wire.read_timeout, wire.ends_at, ReadTimeout))
        try:
            return self._inner.recv_into(buffer)
        except TimeoutError as error:
            raise ReadTimeout from error
        except OSError as error:
            raise ReadError from error


class _Reader(io.BufferedReader):
    """The buffer over a connection's bytes; it outlives each answer."""

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read a line; half of one, which `http.client` would take, is none, and a bare CR does not end one."""
        line = super().readline(size)
        if not line.endswith(b"\n") and (size is None or size < 0 or len(line) < size):
            raise DisconnectedError
        # `email.parser` would make two headers of it (RFC 9112 section 2.2, RFC 9110 section 5.5).
        if b"\r" in line[:-2] or b"\0" in line:
            raise NoHttpError
        return line

    def close(self) -> None:
        """Do nothing: `http.client` closes it after each answer."""

    def flush(self) -> None:
        """Do nothing: there is nothing to write, and the collector may have closed what is below."""


def time_left(timeout: float, ends_at: float, error: type[Exception]) -> float:
    """Give the seconds of a wait, which never outlasts the exchange; raise the error where there are none."""
    # A socket does not wait at all for 0, and cannot for more than a clock has.
    left = min(timeout, ends_at - time.monotonic(), _MOST_SECONDS)
    if left <= 0:
        raise error
    return left
