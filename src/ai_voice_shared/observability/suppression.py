"""Suppression of what other packages log of this package's own calls.

HTTP and AWS clients write URLs, headers and bodies at DEBUG, and some of it at INFO. A handler that turns that on for
its own calls should not find phone numbers in its logs because of this package's.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["suppress_logging"]

_own_call: ContextVar[bool] = ContextVar("ai_voice_shared_own_call", default=False)


class _OwnCallsFilter(logging.Filter):
    """Suppress what is logged during this package's own calls, and nothing else."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - the signature is logging's
        return not _own_call.get()


_own_calls = _OwnCallsFilter()
_filtered: set[tuple[str, ...]] = set()


@contextmanager
def suppress_logging(*names: str) -> Iterator[None]:
    """Suppress the lines of loggers for a block, in this thread or task.

    Parameters
    ----------
    *names
        Names of the loggers that write: a filter does not apply to children.

    Examples
    --------
    >>> with suppress_logging("example"):
    ...     logging.getLogger("example").error("not seen")
    """
    if names not in _filtered:
        for name in names:
            # Adding a filter that is there already does nothing.
            logging.getLogger(name).addFilter(_own_calls)
        _filtered.add(names)
    token = _own_call.set(True)
    try:
        yield
    finally:
        _own_call.reset(token)
