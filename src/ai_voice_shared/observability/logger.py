"""The handler's Powertools Logger, and how the package's own lines come out through it.

The package logs to the standard library's logger `ai_voice_shared` and never configures it. A handler makes its
Logger with `get_logger`, or has one already and calls `adopt_library_logger`; from then on the package's lines have
the handler's format, level, service name and keys. No child `Logger` is made: under another service name it would
be orphaned and silent.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ai_voice_shared.observability.correlation import get_correlation_id

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

__all__ = ["LIBRARY_LOGGER", "CorrelationFilter", "adopt_library_logger", "get_logger"]

LIBRARY_LOGGER = "ai_voice_shared"
"""The name of the package's own logger in the standard library's registry."""

_loggers: dict[str | None, Logger] = {}


class CorrelationFilter(logging.Filter):
    """Puts the current correlation id on every line that passes the handler it is attached to.

    It reads the id when the line is written, so it outlives Powertools' `clear_state=True` and is right in threads
    and coroutines.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add `correlation_id` where one is current; no line is held back."""
        correlation_id = get_correlation_id()
        if correlation_id is not None and not hasattr(record, "correlation_id"):
            record.correlation_id = correlation_id
        return True


def get_logger(service: str | None = None, **options: Any) -> Logger:
    """Make the handler's Logger, or give the one that was made under this name before.

    Parameters
    ----------
    service
        The service's name; by default `POWERTOOLS_SERVICE_NAME`, as Powertools does.
    **options
        Passed on to `aws_lambda_powertools.Logger` when it is made.

    Examples
    --------
    >>> logger = get_logger("webhook-handler")
    >>> logger is get_logger("webhook-handler")
    True
    """
    logger = _loggers.get(service)
    if logger is None:
        from aws_lambda_powertools import Logger

        if service is not None:
            options["service"] = service
        logger = _loggers[service] = Logger(**options)
        adopt_library_logger(logger)
    return logger


def adopt_library_logger(logger: Logger) -> None:
    """Let the package's lines come out through the handler's Logger, with its format, level and keys.

    Parameters
    ----------
    logger
        The Powertools Logger of the handler.
    """
    library = logging.getLogger(LIBRARY_LOGGER)
    # Shared, not copied: keys that the handler appends live in the formatter of this very handler.
    handler = logger.registered_handler
    if not any(isinstance(existing, CorrelationFilter) for existing in handler.filters):
        handler.addFilter(CorrelationFilter())
    library.handlers = [handler]
    library.setLevel(logger.log_level)
    # Lambda's own root handler would print each line a second time.
    library.propagate = False
