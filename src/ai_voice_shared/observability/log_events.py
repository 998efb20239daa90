"""Log lines of events and requests, and the manager of a service's loggers."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ai_voice_shared.observability.correlation import correlation_id_from_event, get_correlation_id, use_correlation_id
from ai_voice_shared.observability.logger import LIBRARY_LOGGER, attach_library_logs, get_logger

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator, Mapping

    from ai_voice_shared.observability.service_logger import ServiceLogger

__all__ = ["LogManager", "RequestLog", "log_event", "log_request"]

_SERVER_ERROR = 500


def log_event(
    logger: logging.Logger | ServiceLogger, name: str, data: Mapping[str, Any], correlation_id: str | None = None
) -> None:
    """Log an event.

    Parameters
    ----------
    logger
        A logger of this package, of Powertools, or of the standard library.
    name
        The event's name (`"user_created"`); the line's message, and its key `event`.
    data
        The event's fields, without personal data; the line's key `data`.
    correlation_id
        By default the current one.

    Examples
    --------
    >>> import sys
    >>> logger = get_logger("log-event-example", stream=sys.stdout, log_record_order=["message"])
    >>> log_event(logger, "user_created", {"user_id": 123}, "correlation-123")
    {"message":"user_created",..."event":"user_created","data":{"user_id":123},"correlation_id":"correlation-123"}
    """
    logger.info(name, extra=_create_fields(name, data, correlation_id), stacklevel=2 if _is_stdlib(logger) else 3)


def _create_fields(name: str, data: Mapping[str, Any], correlation_id: str | None) -> dict[str, Any]:
    fields: dict[str, Any] = {"event": name, "data": dict(data)}
    if correlation_id is not None:
        fields["correlation_id"] = correlation_id
    return fields


def _is_stdlib(logger: Any) -> bool:
    import logging

    return isinstance(logger, logging.Logger)


class RequestLog:
    """Fields of a request that is being handled; set `status_code` and further fields of the line.

    Attributes
    ----------
    status_code : int
        The status of the response; 200 by default; that of the error, or 500, if one is raised.
    user_id : str | None
        Id of the user who sent it.
    fields : dict
        Further fields, without personal data.
    """

    def __init__(self) -> None:
        self.status_code = 200
        self.user_id: str | None = None
        self.fields: dict[str, Any] = {}


@contextmanager
def log_request(
    logger: ServiceLogger, method: str, endpoint: str, event: Mapping[str, Any] | None = None
) -> Iterator[RequestLog]:
    """Log a request at its end: method, endpoint, status, duration, correlation id.

    Parameters
    ----------
    logger
        The service's logger.
    method, endpoint
        Of the request; the endpoint preferably is the pattern of the route.
    event
        The HTTP event, whose correlation id becomes the current one; by default the current one is used, or a new
        one is created.

    Examples
    --------
    >>> import sys
    >>> logger = get_logger("log-request-example", stream=sys.stdout, log_record_order=["message"])
    >>> with log_request(logger, "POST", "/users", {"headers": {"x-correlation-id": "order-7"}}) as request:
    ...     request.status_code = 201
    {"message":"API call",..."endpoint":"/users","method":"POST","status_code":201,...,"correlation_id":"order-7"}
    """
    request = RequestLog()
    started = time.perf_counter()
    correlation_id = get_correlation_id() if event is None else correlation_id_from_event(event)
    with use_correlation_id(correlation_id):
        try:
            yield request
        except BaseException as error:
            status = getattr(error, "status", _SERVER_ERROR)
            request.status_code = status if isinstance(status, int) else _SERVER_ERROR
            request.fields["error"] = type(error).__name__
            raise
        finally:
            duration = round((time.perf_counter() - started) * 1000, 3)
            logger.log_api_call(endpoint, method, request.status_code, duration, request.user_id, **request.fields)


class LogManager:
    """The loggers of one service: its own, and one for each of its parts.

    Parameters
    ----------
    service
        The service's name; by default `POWERTOOLS_SERVICE_NAME`.
    level
        The level, as in `setup_logging`.

    Examples
    --------
    >>> logs = LogManager("log-manager-example", level="WARNING")
    >>> logs.get_logger() is logs.logger
    True
    >>> logs.get_logger("worker").name
    'log-manager-example.worker'
    """

    def __init__(self, service: str | None = None, level: str | int | None = None, **options: Any) -> None:
        if level is not None:
            options["level"] = level
        self.logger: ServiceLogger = get_logger(service, **options)

    def get_logger(self, part: str | None = None) -> Any:
        """Return the service's logger, or the standard library's logger of a part, a child of it.

        Parameters
        ----------
        part
            Name of the part.
        """
        if part is None:
            return self.logger
        import logging

        return logging.getLogger(f"{self.logger.name}.{part}")

    def set_level(self, level: str | int) -> None:
        """Change the level of the service and of the package's lines."""
        import logging

        self.logger.setLevel(level)
        # A logger with a buffer checks its level for each of the package's lines.
        if self.logger.registered_handler in logging.getLogger(LIBRARY_LOGGER).handlers:
            attach_library_logs(self.logger)

    def log_event(self, name: str, data: Mapping[str, Any], correlation_id: str | None = None) -> None:
        """Log an event; see the function `log_event`."""
        self.logger.info(name, extra=_create_fields(name, data, correlation_id), stacklevel=3)
