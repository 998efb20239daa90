"""What can fail in an exchange, and how it is reported: by its kind and the system's reason, nothing more."""

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
    """An exchange did not complete; it never leaves this package."""


class InvalidRequestError(TransportError):
    """The URL, the method or a header of the request is not valid."""


class ConnectTimeout(TransportError):  # noqa: N818 - httpx's name, for one message from both clients
    """No connection in time."""


class ReadTimeout(TransportError):  # noqa: N818 - httpx's name, for one message from both clients
    """No bytes in time."""


class WriteTimeout(TransportError):  # noqa: N818 - httpx's name, for one message from both clients
    """The server took no bytes in time."""


class ConnectError(TransportError):
    """No connection."""


class DisconnectedError(TransportError):
    """The connection ended before the response did."""


class ProtocolError(TransportError):
    """What the server sent is not HTTP."""


@contextmanager
def map_errors(request: HttpRequest) -> Iterator[None]:
    """Turn a `TransportError` into an error of this package that callers know."""
    try:
        yield
    except TransportError as error:
        server, reason = server_name(request), _reason(error)
        # What it was raised from may hold what was sent or received.
        error.args = ()
        error.__cause__ = error.__context__ = None
        if isinstance(error, (ConnectTimeout, ReadTimeout, WriteTimeout)):
            msg = f"{server} did not respond in time ({reason})"
            raise ServiceTimeoutError(msg, service=request.service) from error
        if isinstance(error, InvalidRequestError):
            msg = f"the request to {server} cannot be sent: its URL or a header is not valid ({reason})"
            raise ConfigurationError(msg) from error
        if isinstance(error, ProtocolError):
            msg = f"{server} could not be understood ({reason})"
            raise ServiceResponseError(msg, service=request.service) from error
        raise ServiceUnavailableError(f"{server} could not be reached ({reason})", service=request.service) from error


def _reason(error: BaseException) -> str:
    """Return the error's type with the system's name for what happened, where it has one."""
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
