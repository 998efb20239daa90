"""The handler's Powertools Logger, which the package's own lines are written through.

The package logs to the standard library's logger `ai_voice_shared` and never configures it. A handler creates its
Logger with `get_logger`, or calls `attach_library_logs` with an existing one; from then on the package's lines have the
handler's format, level, service name and keys. No child `Logger` is created: under another service name it would be
orphaned and silent.

`setup_logging`, `get_api_logger` and similar functions are `get_logger` under the names that the services use.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ai_voice_shared.observability.correlation import get_correlation_id

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

    from ai_voice_shared.observability.service_logger import ServiceLogger

__all__ = [
    "LIBRARY_LOGGER",
    "LIBRARY_RECORD",
    "LineFilter",
    "add_correlation_id",
    "attach_library_logs",
    "get_agent_logger",
    "get_api_logger",
    "get_logger",
    "get_shared_logger",
    "get_web_logger",
    "setup_logging",
]

LIBRARY_LOGGER = "ai_voice_shared"
"""The name of the package's own logger in the standard library's registry."""

LIBRARY_RECORD = "library_record"
"""The field of a buffered line that holds the package's record."""

_loggers: dict[str | None, ServiceLogger] = {}


class LineFilter(logging.Filter):
    """Add the current correlation id to every line of the handler, and restore buffered lines of the package.

    The id is read when the line is written, so it is not affected by Powertools' `clear_state=True` and is correct in
    threads and coroutines. A buffered line of the package has its record as a field (`buffering.py`), whose message,
    fields, location and time are restored.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Complete a record, and return True."""
        fields = record.__dict__
        if LIBRARY_RECORD in fields:
            # The service's name is preserved: by it, Lambda's own root handler skips lines that were printed already.
            fields.update(fields.pop(LIBRARY_RECORD).__dict__ | {"name": record.name})
        add_correlation_id(record)
        return True


def add_correlation_id(record: logging.LogRecord) -> None:
    """Add the current correlation id to a record that has none.

    Examples
    --------
    >>> from ai_voice_shared import use_correlation_id
    >>> record = logging.makeLogRecord({"msg": "stored"})
    >>> with use_correlation_id("order-7"):
    ...     add_correlation_id(record)
    >>> record.correlation_id
    'order-7'
    """
    correlation_id = get_correlation_id()
    if correlation_id is not None and "correlation_id" not in record.__dict__:
        record.correlation_id = correlation_id


def get_logger(service: str | None = None, **options: Any) -> ServiceLogger:
    """Return the handler's Logger of this name; create it on first use.

    Parameters
    ----------
    service
        The service's name; by default `POWERTOOLS_SERVICE_NAME`, as Powertools does.
    **options
        Passed on to `ServiceLogger`, a Powertools Logger, when it is created.

    Examples
    --------
    >>> logger = get_logger("webhook-handler")
    >>> logger is get_logger("webhook-handler")
    True
    """
    logger = _loggers.get(service)
    if logger is None:
        logger = _create(service, options)
        attach_library_logs(logger)
    return logger


def setup_logging(name: str | None = None, level: str | int | None = None, **options: Any) -> ServiceLogger:
    """Create the service's logger, or change the level of the existing one.

    Parameters
    ----------
    name
        The service's name; by default `POWERTOOLS_SERVICE_NAME`.
    level
        `"DEBUG"`, `"INFO"`, ...; by default `<SERVICE>_LOG_LEVEL` (`MY_SERVICE_LOG_LEVEL`), then
        `POWERTOOLS_LOG_LEVEL`, then INFO.
    **options
        As in `get_logger`.

    Examples
    --------
    >>> logger = setup_logging("setup-example", level="WARNING")
    >>> logger.log_level
    30
    """
    exists = name in _loggers
    logger = get_logger(name, level=level, **options)
    if exists and level is not None:
        logger.setLevel(level)
        attach_library_logs(logger)
    return logger


def get_api_logger(**options: Any) -> ServiceLogger:
    """Return the logger of the API (service `api`, level by `API_LOG_LEVEL`)."""
    return _get_role_logger("api", options)


def get_agent_logger(**options: Any) -> ServiceLogger:
    """Return the logger of the agents (service `agent`, level by `AGENT_LOG_LEVEL`)."""
    return _get_role_logger("agent", options)


def get_web_logger(**options: Any) -> ServiceLogger:
    """Return the logger of the web application (service `web`, level by `WEB_LOG_LEVEL`)."""
    return _get_role_logger("web", options)


def get_shared_logger(**options: Any) -> ServiceLogger:
    """Return the logger of shared code (service `shared`, level by `SHARED_LOG_LEVEL`)."""
    return _get_role_logger("shared", options)


def _get_role_logger(role: str, options: dict[str, Any]) -> ServiceLogger:
    logger = _loggers.get(role)
    if logger is None:
        logger = _create(role, options)
        # A process may have several of these; the package's lines belong to the first logger.
        if logging.getLogger(LIBRARY_LOGGER).propagate:
            attach_library_logs(logger)
    return logger


def _create(service: str | None, options: dict[str, Any]) -> ServiceLogger:
    from ai_voice_shared.observability.service_logger import ServiceLogger

    logger = _loggers[service] = ServiceLogger(service, **options)
    _add_filter(logger.registered_handler)
    return logger


def attach_library_logs(logger: Logger) -> None:
    """Write the package's lines through the handler's Logger, with its format, level and keys.

    Parameters
    ----------
    logger
        The Powertools Logger of the handler.
    """
    library = logging.getLogger(LIBRARY_LOGGER)
    # Shared, not copied: keys that the handler appends are stored in the formatter of this handler.
    handler = logger.registered_handler
    _add_filter(handler)
    library.handlers = [handler]
    library.setLevel(logger.log_level)
    if getattr(logger, "powertools_buffer_config", None) is not None:
        from ai_voice_shared.observability.buffering import LibraryHandler

        library.handlers = [LibraryHandler(logger)]
        library.setLevel(logging.DEBUG)
    # Lambda's own root handler would print each line again.
    library.propagate = False


def _add_filter(handler: logging.Handler) -> None:
    if not any(isinstance(existing, LineFilter) for existing in handler.filters):
        handler.addFilter(LineFilter())
