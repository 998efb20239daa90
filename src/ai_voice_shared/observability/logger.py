"""The handler's Powertools Logger, and how the package's own lines come out through it.

The package logs to the standard library's logger `ai_voice_shared` and never configures it. A handler makes its
Logger with `get_logger`, or has one already and calls `adopt_library_logger`; from then on the package's lines have
the handler's format, level, service name and keys. No child `Logger` is made: under another service name it would
be orphaned and silent.

`setup_logging`, `get_api_logger` and their kin are the same function under the names that services know.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ai_voice_shared._collector import collector_paused
from ai_voice_shared.observability.correlation import get_correlation_id

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

    from ai_voice_shared.observability.service_logger import ServiceLogger

__all__ = [
    "LIBRARY_LOGGER",
    "CorrelationFilter",
    "adopt_library_logger",
    "get_agent_logger",
    "get_api_logger",
    "get_logger",
    "get_shared_logger",
    "get_web_logger",
    "setup_logging",
]

LIBRARY_LOGGER = "ai_voice_shared"
"""The name of the package's own logger in the standard library's registry."""

_loggers: dict[str | None, ServiceLogger] = {}


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


def get_logger(service: str | None = None, **options: Any) -> ServiceLogger:
    """Make the handler's Logger, or give the one that was made under this name before.

    Parameters
    ----------
    service
        The service's name; by default `POWERTOOLS_SERVICE_NAME`, as Powertools does.
    **options
        Passed on to `ServiceLogger`, a Powertools Logger, when it is made.

    Examples
    --------
    >>> logger = get_logger("webhook-handler")
    >>> logger is get_logger("webhook-handler")
    True
    """
    logger = _loggers.get(service)
    if logger is None:
        logger = _made(service, options)
        adopt_library_logger(logger)
    return logger


def setup_logging(name: str | None = None, level: str | int | None = None, **options: Any) -> ServiceLogger:
    """Make the service's logger, or set the level of the one that there is.

    Parameters
    ----------
    name
        The service's name; by default `POWERTOOLS_SERVICE_NAME`.
    level
        `"DEBUG"`, `"INFO"`, ...; by default `<SERVICE>_LOG_LEVEL` (`MY_SERVICE_LOG_LEVEL`), then
        `POWERTOOLS_LOG_LEVEL`, then INFO.
    **options
        As for `get_logger`.

    Examples
    --------
    >>> logger = setup_logging("setup-example", level="WARNING")
    >>> logger.log_level
    30
    """
    known = name in _loggers
    logger = get_logger(name, level=level, **options)
    if known and level is not None:
        logger.setLevel(level)
        adopt_library_logger(logger)
    return logger


def get_api_logger(**options: Any) -> ServiceLogger:
    """Give the logger of the API (service `api`, level by `API_LOG_LEVEL`)."""
    return _of_role("api", options)


def get_agent_logger(**options: Any) -> ServiceLogger:
    """Give the logger of the agents (service `agent`, level by `AGENT_LOG_LEVEL`)."""
    return _of_role("agent", options)


def get_web_logger(**options: Any) -> ServiceLogger:
    """Give the logger of the web application (service `web`, level by `WEB_LOG_LEVEL`)."""
    return _of_role("web", options)


def get_shared_logger(**options: Any) -> ServiceLogger:
    """Give the logger of shared code (service `shared`, level by `SHARED_LOG_LEVEL`)."""
    return _of_role("shared", options)


def _of_role(role: str, options: dict[str, Any]) -> ServiceLogger:
    logger = _loggers.get(role)
    if logger is None:
        logger = _made(role, options)
        # A process may have several of these; the package's lines stay with the first logger that was made.
        if logging.getLogger(LIBRARY_LOGGER).propagate:
            adopt_library_logger(logger)
    return logger


def _made(service: str | None, options: dict[str, Any]) -> ServiceLogger:
    with collector_paused():
        from ai_voice_shared.observability.service_logger import ServiceLogger

    logger = _loggers[service] = ServiceLogger(service, **options)
    handler = logger.registered_handler
    if not any(isinstance(existing, CorrelationFilter) for existing in handler.filters):
        handler.addFilter(CorrelationFilter())
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
    buffer: logging.Handler | None = getattr(logger, "library_buffer", None)
    library.handlers = [handler if buffer is None else buffer]
    library.setLevel(logger.log_level if buffer is None else logging.DEBUG)
    # Lambda's own root handler would print each line a second time.
    library.propagate = False
