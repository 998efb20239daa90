"""Errors of an exchange, reported by their type and the system's reason only."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ai_voice_shared.errors import (
    ConfigurationError,
    ServiceResponseError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from ai_voice_shared.http.messages import server_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ai_voice_shared.http.messages import HttpRequest

__all__ = [
    "ConnectError",
    "ConnectTimeout",
    "DisconnectedError",
    "InvalidRequestError",
    "ProtocolError",
    "ReadTimeout",
    "TransportError",
    "WriteTimeout",
    "map_errors",
]


class TransportError(Exception):
    """An exchange did not complete. Internal: callers get errors of `ai_voice_shared.errors`."""


class InvalidRequestError(TransportError):
    """The URL, the method or a header of the request is not valid."""


class ConnectTimeout(TransportError):  # noqa: N818 - httpx's name, for one message from both clients
    """The connection timed out."""


class ReadTimeout(TransportError):  # noqa: N818 - httpx's name, for one message from both clients
    """Reading timed out."""


class WriteTimeout(TransportError):  # noqa: N818 - httpx's name, for one message from both clients
    """Writing timed out."""


class ConnectError(TransportError):
    """The connection failed."""


class DisconnectedError(TransportError):
    """The connection ended before the response did."""


class ProtocolError(TransportError):
    """The server's response is not valid HTTP."""


@contextmanager
def map_errors(request: HttpRequest) -> Iterator[None]:
    """Convert a `TransportError` to an error of `ai_voice_shared.errors`."""
    try:
        yield
    except TransportError as error:
        server, reason = server_name(request), _get_reason(error)
        # The cause may contain what was sent or received.
        error.args = ()
        error.__cause__ = error.__context__ = None
        if isinstance(error, (ConnectTimeout, ReadTimeout, WriteTimeout)):
            msg = f"{server} did not respond in time ({reason})"
            raise ServiceTimeoutError(msg, service=request.service) from error
        if isinstance(error, InvalidRequestError):
            msg = f"the request to {server} cannot be sent: its URL or a header is not valid ({reason})"
            raise ConfigurationError(msg) from error
        if isinstance(error, ProtocolError):
            msg = f"{server} sent a response that is not valid HTTP ({reason})"
            raise ServiceResponseError(msg, service=request.service) from error
        raise ServiceUnavailableError(f"{server} could not be reached ({reason})", service=request.service) from error


def _get_reason(error: BaseException) -> str:
    """Return the error's type, with the operating system's reason if it has one."""
    import socket
    import ssl

    name = type(error).__name__
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"{name}: {cause.verify_message}"
        if isinstance(cause, socket.gaierror):
            return f"{name}: {cause.strerror}"
        if isinstance(cause, OSError) and cause.errno is not None and cause.errno in errno.errorcode:
            return f"{name}: {errno.errorcode[cause.errno]}"
        cause = cause.__cause__ or cause.__context__
    return name
