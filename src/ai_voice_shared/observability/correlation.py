"""The correlation id of the current request: one value that the log lines and calls of all services share.

It is stored in a context variable, so it follows `await` and `contextvars.copy_context()`, and ends with its block.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "CORRELATION_HEADER",
    "CORRELATION_METADATA_KEY",
    "correlation_id_from_event",
    "get_correlation_id",
    "use_correlation_id",
]

CORRELATION_HEADER = "X-Correlation-Id"
"""The HTTP header that carries it, in requests and responses."""

CORRELATION_METADATA_KEY = "correlation-id"
"""The S3 user metadata key that carries it to the readers of the object."""

_MAX_LENGTH = 128
_current: ContextVar[str | None] = ContextVar("ai_voice_shared_correlation_id", default=None)


def get_correlation_id() -> str | None:
    """Return the current correlation id, or None outside any block.

    Examples
    --------
    >>> with use_correlation_id("order-7"):
    ...     get_correlation_id()
    'order-7'
    >>> get_correlation_id() is None
    True
    """
    return _current.get()


@contextmanager
def use_correlation_id(correlation_id: str | None) -> Iterator[str]:
    r"""Set the current correlation id for a `with` block; without a valid one, a new one is created.

    Parameters
    ----------
    correlation_id
        The received id. It is untrusted: unless it is printable ASCII without spaces and at most 128 characters long,
        it is replaced by a new id, so that it is safe in headers and log lines.

    Examples
    --------
    >>> with use_correlation_id("two\nlines") as new:
    ...     len(new)
    36
    """
    if not (correlation_id and _is_safe(correlation_id)):
        import uuid

        correlation_id = str(uuid.uuid4())
    token = _current.set(correlation_id)
    try:
        yield correlation_id
    finally:
        _current.reset(token)


def correlation_id_from_event(event: Mapping[str, Any]) -> str | None:
    """Return the correlation id of an HTTP event: the header, else API Gateway's own request id.

    Parameters
    ----------
    event
        An event of API Gateway (v1, v2), a function URL or an ALB, or a direct invoke with a `correlation_id`.

    Examples
    --------
    >>> correlation_id_from_event({"headers": {"x-correlation-id": "order-7"}})
    'order-7'
    >>> correlation_id_from_event({"requestContext": {"requestId": "Kx1"}, "headers": None})
    'Kx1'
    """
    wanted = CORRELATION_HEADER.lower()
    headers = _as_dict(event.get("headers"))
    if not headers:  # an ALB with multi-value headers has them here, and so may REST v1
        multiple = _as_dict(event.get("multiValueHeaders"))
        headers = {name: values[-1] for name, values in multiple.items() if isinstance(values, list) and values}
    for name, value in headers.items():
        if isinstance(name, str) and name.lower() == wanted and isinstance(value, str) and _is_safe(value):
            return value
    direct = event.get("correlation_id")
    if isinstance(direct, str) and _is_safe(direct):
        return direct
    request_id = _as_dict(event.get("requestContext")).get("requestId")
    return request_id if isinstance(request_id, str) and _is_safe(request_id) else None


def _as_dict(value: object) -> dict[Any, Any]:
    # A direct invoke may contain any type.
    return value if isinstance(value, dict) else {}


def _is_safe(text: str) -> bool:
    return 0 < len(text) <= _MAX_LENGTH and text.isascii() and text.isprintable() and " " not in text
