"""The way of synchronous requests: the standard library's `http.client`, with a pool of connections.

It is own code because of the cold start. With httpx a text-only webhook costs 926 million instructions from INIT to
its answer, without it 763 million. `http.client` itself is 7 million beside `ssl` and `http`, which any client needs.

What it does beyond `http.client`: connections are kept and used again, each wait on a socket ends with the exchange,
and what came is looked at more strictly. What it does not do: HTTP/2, proxies, cookies, redirects, decoding (see
`messages.Body`), hosts that are not in ASCII (they are given in Punycode).
"""

from __future__ import annotations

import threading
import time
from http.client import HTTPException
from typing import TYPE_CHECKING

from ai_voice_shared.http.connection import Connection
from ai_voice_shared.http.errors import ConnectError, DisconnectedError, ReadError, WriteError
from ai_voice_shared.http.incoming import SWITCHING_PROTOCOLS, joined_headers
from ai_voice_shared.http.outgoing import taken_apart
from ai_voice_shared.http.wire import PIECE

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from ai_voice_shared.http.incoming import IncomingResponse
    from ai_voice_shared.http.messages import HttpRequest
    from ai_voice_shared.http.outgoing import Server

__all__ = ["Exchange", "Pool"]

# As many as httpx keeps: after a freeze all of them can be dead.
_MOST_IDLE = 20
_IDLE_SECONDS = 5.0


class Exchange:
    """A response whose headers are there and whose body is still to be read.

    Parameters
    ----------
    connection
        What it comes by.
    response
        As `http.client` understands it.
    pool
        Where the connection goes after the body's last byte.
    """

    def __init__(self, connection: Connection, response: IncomingResponse, pool: Pool) -> None:
        self._connection: Connection | None = connection
        self._response = response
        self._pool = pool
        self._is_over = False
        self.status_code = response.status
        self.headers = joined_headers(response)

    def read(self) -> bytes:
        """Give the next bytes of the body, as they are on the wire but for the chunks; none at its end."""
        connection, response = self._connection, self._response
        if connection is None:
            if not self._is_over:
                raise DisconnectedError
            return b""
        try:
            piece = response.read1(PIECE)
        except HTTPException as error:
            raise DisconnectedError from error
        if piece:
            return piece
        if response.length:
            raise DisconnectedError
        self._is_over = True
        response.close()
        if response.will_close or response.status == SWITCHING_PROTOCOLS or not connection.is_clean():
            self.close()
        else:
            self._connection = None
            self._pool.put(connection)
        return b""

    def close(self) -> None:
        """End it, wherever it is; a connection that is not read to its end is not used again."""
        if self._connection is not None:
            self._connection.close_socket()
            self._connection = None


class Pool:
    """Connections to any number of servers; what is idle is used again, the last one first.

    Parameters
    ----------
    tls
        Gives the TLS context, where one is needed.

    Examples
    --------
    >>> import ssl
    >>> pool = Pool(ssl.create_default_context)
    >>> pool.close()
    """

    def __init__(self, tls: Callable[[], ssl.SSLContext]) -> None:
        self._tls = tls
        self._idle: list[tuple[float, Connection]] = []
        self._closed = False
        self._lock = threading.Lock()

    def open(self, request: HttpRequest, ends_at: float) -> Exchange:
        """Send a request and wait for the headers of the answer.

        A request that may be repeated goes out anew where a pooled connection turns out to be dead. That is no retry:
        nobody was asked.

        Parameters
        ----------
        request
            What to send.
        ends_at
            When all of it has to be over, on the clock of `time.monotonic`.

        Raises
        ------
        TransportError
            One of those of `errors`.
        """
        server, target, headers = taken_apart(request)
        for _ in range(_MOST_IDLE + 1):
            connection = self._take(server)
            pooled = connection is not None
            if connection is None:
                connection = Connection(server)
            try:
                connection.limit(request, ends_at)
                if not pooled:
                    connection.open_socket(request.connect_timeout, self._tls if server.scheme == "https" else None)
                return Exchange(connection, connection.exchange(request, target, headers), self)
            except (ReadError, WriteError, DisconnectedError):
                connection.close_socket()
                if not pooled or not request.is_repeatable() or time.monotonic() >= ends_at:
                    raise
            except BaseException:
                connection.close_socket()
                raise
        raise ConnectError

    def put(self, connection: Connection) -> None:
        """Keep a connection that has nothing more to say."""
        with self._lock:
            if not self._closed:
                self._idle.append((time.monotonic(), connection))
                connection = self._idle.pop(0)[1] if len(self._idle) > _MOST_IDLE else None  # type: ignore[assignment]
        if connection is not None:
            connection.close_socket()

    def close(self) -> None:
        """Close what is idle now, and what is in use when its exchange ends."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close_socket()

    def disown(self) -> None:
        """Close this process's ends of what its parent has; the parent, whose thread may hold the lock, goes on."""
        for _, connection in self._idle:
            connection.close_socket()

    def _take(self, server: Server) -> Connection | None:
        found, old = None, []
        with self._lock:
            oldest = time.monotonic() - _IDLE_SECONDS
            for position in range(len(self._idle) - 1, -1, -1):
                since, connection = self._idle[position]
                if since < oldest or (connection.server == server and connection.is_readable()):
                    # What is readable although nothing was asked is the connection's end.
                    old.append(self._idle.pop(position)[1])
                elif connection.server == server:
                    found = self._idle.pop(position)[1]
                    break
        for connection in old:
            connection.close_socket()
        return found
