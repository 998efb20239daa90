"""The package's own debug lines, kept in memory and shown only when an error is logged.

Powertools buffers what is logged through its Logger. The package logs through the standard library, so its lines are
kept here, as records, and come out through the same handler with the times they were made at. (Powertools' own
`BufferingHandler` loses a record's fields and place.)
"""

from __future__ import annotations

import logging
import os
from collections import deque
from typing import TYPE_CHECKING

from ai_voice_shared.observability.correlation import get_correlation_id

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MAX_RECORDS", "LibraryBuffer"]

MAX_RECORDS = 200
"""Records that are kept of one invocation; older ones go first."""


class LibraryBuffer(logging.Handler):
    """Passes on lines of a level and above, and keeps those below until an error or the next invocation comes.

    Parameters
    ----------
    target
        The handler that lines come out through.
    level
        What is passed on at once.
    before_error
        Called before an error is passed on.

    Attributes
    ----------
    threshold : int
        The level, as it is now.
    """

    def __init__(self, target: logging.Handler, level: int, before_error: Callable[[], None]) -> None:
        super().__init__(logging.DEBUG)
        self._target = target
        self.threshold = level
        self._before_error = before_error
        self._trace_id: str | None = None
        self._records: deque[logging.LogRecord] = deque(maxlen=MAX_RECORDS)

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on, or keep it."""
        if record.levelno >= self.threshold:
            if record.levelno >= logging.ERROR:
                self._before_error()
            self._target.handle(record)
            return
        trace_id = os.environ.get("_X_AMZN_TRACE_ID")
        if trace_id is None:  # not in an invocation: nothing would ever show or drop it
            return
        if trace_id != self._trace_id:
            self._records.clear()
            self._trace_id = trace_id
        # When it is shown, another piece of work may be the current one.
        correlation_id = get_correlation_id()
        if correlation_id is not None and not hasattr(record, "correlation_id"):
            record.correlation_id = correlation_id
        self._records.append(record)

    def show(self) -> None:
        """Let the kept records of this invocation come out."""
        current = os.environ.get("_X_AMZN_TRACE_ID")
        while self._records:
            record = self._records.popleft()
            if self._trace_id == current:
                self._target.handle(record)
