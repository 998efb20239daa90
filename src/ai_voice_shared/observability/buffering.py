"""Debug lines of the package in Powertools' log buffer, which writes them only when an error is logged.

Powertools buffers what is logged through its `Logger`; the package logs through the standard library. Powertools'
own bridge between the two (`BufferingHandler` of 3.37) drops a record's fields and its location, ignores the logger's
level, and does not flush when the error comes from the bridged logger. `LibraryHandler` adds the record to the same
buffer as a field, and `LineFilter` restores it when the buffer is flushed.

This module is imported when the first buffering logger is attached, so it may import Powertools itself.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aws_lambda_powertools.logging.buffer.config import LoggerBufferConfig

from ai_voice_shared.observability.logger import LIBRARY_RECORD, add_correlation_id

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

__all__ = ["DebugBufferConfig", "LibraryHandler"]


class DebugBufferConfig(LoggerBufferConfig):
    """Powertools' buffer of debug lines, disabled while the logger's level is DEBUG, when they are written at once.

    Powertools' own configuration buffers them at any level, in sampled invocations too.

    Attributes
    ----------
    logger : logging.Logger | None
        The logger whose level decides; until it is set, the buffer is enabled.
    """

    def __init__(self) -> None:
        super().__init__(buffer_at_verbosity="DEBUG")
        self.logger: logging.Logger | None = None

    def __bool__(self) -> bool:
        """Return whether debug lines are buffered."""
        return self.logger is None or self.logger.level > logging.DEBUG


class LibraryHandler(logging.Handler):
    """Write records of the logger's level and above, and add those below to the logger's buffer.

    Parameters
    ----------
    logger
        The Powertools Logger of the handler, with a buffer.
    """

    def __init__(self, logger: Logger) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or buffer it."""
        logger = self._logger
        if record.levelno >= logger.log_level:
            if record.levelno >= logging.ERROR:
                logger.flush_buffer()
            logger.registered_handler.handle(record)
            return
        # When the buffer is flushed, another correlation id may be the current one.
        add_correlation_id(record)
        logger.debug(record.msg, extra={LIBRARY_RECORD: record})
