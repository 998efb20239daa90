"""Suppression of what other packages log about this package's own calls.

HTTP and AWS clients log URLs, headers and bodies at DEBUG, some of them at INFO. A handler that enables that for its
own calls must not get phone numbers into its logs through the calls of this package.
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
    """Suppress what is logged during this package's own calls only."""

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
        Names of the loggers; a filter does not apply to their children.

    Examples
    --------
    >>> with suppress_logging("example"):
    ...     logging.getLogger("example").error("not seen")
    """
    if names not in _filtered:
        for name in names:
            # Adding the same filter again has no effect.
            logging.getLogger(name).addFilter(_own_calls)
        _filtered.add(names)
    token = _own_call.set(True)
    try:
        yield
    finally:
        _own_call.reset(token)
