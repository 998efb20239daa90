"""What can go wrong on the way to a server, and how it is said: by its kind and the system's reason, nothing more."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ai_voice_shared.errors import (
    ConfigurationError,
    ServiceError,
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
    "NoHttpError",
    "ReadError",
    "ReadTimeout",
    "TransportError",
    "WriteError",
    "WriteTimeout",
    "bare",
    "invalid_request",
    "not_understood",
    "timed_out",
    "translated",
    "unreachable",
]


class TransportError(Exception):
    """An exchange did not come to its end; it never leaves this package."""


class InvalidRequestError(TransportError):
    """It is no request: its URL, its method or a header is none."""


class ConnectTimeout(TransportError):  # noqa: N818 - httpx's name, for one message from both clients
    """No connection in time."""


class ReadTimeout(TransportError):  # noqa: N818 - httpx's name, for one message from both clients
    """No bytes in time."""


class WriteTimeout(TransportError):  # noqa: N818 - httpx's name, for one message from both clients
    """The server took no bytes in time."""


class ConnectError(TransportError):
    """No connection."""


class ReadError(TransportError):
    """The connection broke while it was read."""


class WriteError(TransportError):
    """The connection broke while it was written to."""


class DisconnectedError(TransportError):
    """The server closed the connection before the end of its answer."""


class NoHttpError(TransportError):
    """What came is no HTTP."""


@contextmanager
def translated(request: HttpRequest) -> Iterator[None]:
    """Turn a `TransportError` into an error of this package that callers know."""
    try:
        yield
    except (ConnectTimeout, ReadTimeout, WriteTimeout) as error:
        raise timed_out(request, error) from bare(error)
    except InvalidRequestError as error:
        raise invalid_request(request, error) from bare(error)
    except NoHttpError as error:
        raise not_understood(request, error) from bare(error)
    except TransportError as error:
        raise unreachable(request, error) from bare(error)


def timed_out(request: HttpRequest, error: BaseException) -> ServiceError:
    """Say that no answer came in time."""
    return ServiceTimeoutError(
        f"{server_name(request)} did not answer in time ({_reason(error)})", service=request.service
    )


def unreachable(request: HttpRequest, error: BaseException) -> ServiceError:
    """Say that there was no connection, or that it broke."""
    return ServiceUnavailableError(
        f"{server_name(request)} could not be reached ({_reason(error)})", service=request.service
    )


def not_understood(request: HttpRequest, error: BaseException) -> ServiceError:
    """Say that what came is no answer."""
    return ServiceResponseError(
        f"{server_name(request)} could not be understood ({_reason(error)})", service=request.service
    )


def invalid_request(request: HttpRequest, error: BaseException) -> ConfigurationError:
    """Say that the request is none."""
    msg = f"the request to {server_name(request)} cannot be sent: its URL or a header is not valid ({_reason(error)})"
    return ConfigurationError(msg)


def _reason(error: BaseException) -> str:
    """Give the error's type with the system's name for what happened, where it has one."""
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


def bare(error: Exception) -> Exception:
    """Take everything from an error but its type and its place; its text may hold what was sent or received."""
    error.args = ()
    error.__cause__ = error.__context__ = None
    if hasattr(error, "_request"):
        error._request = None  # noqa: SLF001 - httpx's, with the URL and the headers
    return error
