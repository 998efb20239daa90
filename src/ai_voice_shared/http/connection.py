"""A connection of `http.client` whose socket waits no longer than the exchange lasts."""

from __future__ import annotations

import socket
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

from ai_voice_shared.http.errors import (
    ConnectError,
    ConnectTimeout,
    DisconnectedError,
    InvalidRequestError,
    NoHttpError,
    ReadError,
)
from ai_voice_shared.http.incoming import IncomingResponse
from ai_voice_shared.http.wire import Wire, time_left

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from ai_voice_shared.http.messages import HttpRequest
    from ai_voice_shared.http.outgoing import Server

__all__ = ["Connection"]


class Connection(HTTPConnection):
    """A connection whose socket waits no longer than the exchange lasts."""

    auto_open = 0

    def __init__(self, server: Server) -> None:
        super().__init__(server.host, server.port)
        self.server = server
        self.response_class = IncomingResponse
        self._wire: Wire | None = None
        self._limits = (0.0, 0.0)

    def limit(self, request: HttpRequest, ends_at: float) -> None:
        """Set the limits of the next exchange."""
        self._limits = (request.read_timeout, ends_at)

    def open_socket(self, connect_timeout: float, tls: Callable[[], ssl.SSLContext] | None) -> None:
        """Connect, to the first of the host's addresses that will have it."""
        ends_at = self._limits[1]
        # As bytes it does not go through the codec for names in other alphabets, whose import is dear.
        host = self.server.host.encode("ascii")
        try:
            opened = _connect(host, self.server.port, connect_timeout, ends_at)
            if tls is not None:
                context = tls()
                try:
                    opened.settimeout(time_left(connect_timeout, ends_at, ConnectTimeout))
                    opened = context.wrap_socket(opened, server_hostname=host)
                except BaseException:
                    opened.close()
                    raise
        except TimeoutError as error:
            raise ConnectTimeout from error
        except OSError as error:
            raise ConnectError from error
        self._wire = Wire(opened)
        self.sock: Any = self._wire

    def exchange(self, request: HttpRequest, target: str, headers: dict[str, str]) -> IncomingResponse:
        """Send a request and read the headers of the answer."""
        wire = self._wire
        if wire is None:
            raise ConnectError
        wire.read_timeout, wire.ends_at = self._limits
        self.sock = wire
        try:
            self.putrequest(request.method.upper(), target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                self.putheader(name, value)
        except (ValueError, HTTPException) as error:
            raise InvalidRequestError from error
        self.endheaders(request.content)
        try:
            response: Any = self.getresponse()
        except (ReadError, DisconnectedError) as error:
            # A server may answer before it has read all; only without an answer it is the writing that failed.
            if wire.write_error is not None:
                raise wire.write_error from error
            raise
        except HTTPException as error:
            raise NoHttpError from error
        checked: IncomingResponse = response
        return checked

    def is_clean(self) -> bool:
        """Say whether everything was sent and nothing came after the answer."""
        return self._wire is not None and self._wire.is_clean()

    def is_readable(self) -> bool:
        """Say whether something waits to be read, as the end of a connection does."""
        return self._wire is None or self._wire.is_readable()

    def close_socket(self) -> None:
        """Close the connection."""
        if self._wire is not None:
            self._wire.close_socket()
            self._wire = self.sock = None


def _connect(host: bytes, port: int, connect_timeout: float, ends_at: float) -> socket.socket:
    """Connect as `socket.create_connection` does, whose time limit is for each address anew."""
    failed: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
        opened = None
        try:
            opened = socket.socket(family, kind, protocol)
            opened.settimeout(time_left(connect_timeout, ends_at, ConnectTimeout))
            opened.connect(address)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            if opened is not None:
                opened.close()
            failed = error
        except BaseException:
            if opened is not None:
                opened.close()
            raise
        else:
            return opened
    raise failed or ConnectError
