"""Powertools' Logger with what every service logs: calls, tasks, agents, security, the database, requests.

`ServiceLogger` is a Powertools Logger and can do all that one can. It writes the same lines at about half the cost
(`formatter.py`), keeps debug lines in memory and shows them only when an error is logged, and takes its level from
`<SERVICE>_LOG_LEVEL` before `POWERTOOLS_LOG_LEVEL`.

This module is imported when the first logger is made, so it may import Powertools itself.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.buffer.config import LoggerBufferConfig
from aws_lambda_powertools.logging.filters import SuppressFilter
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from ai_voice_shared.observability.buffering import LibraryBuffer
from ai_voice_shared.observability.correlation import (
    correlation_id_from_event,
    get_correlation_id,
    use_correlation_id,
)
from ai_voice_shared.observability.formatter import LeanFormatter

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ServiceLogger", "level_of"]

HandlerT = TypeVar("HandlerT", bound="Callable[..., Any]")


def _parameters(function: Any) -> frozenset[str]:
    code = function.__code__  # inspect.signature would cost each cold start a millisecond
    return frozenset(code.co_varnames[1 : code.co_argcount])


_FORMATTER_OPTIONS = _parameters(vars(LambdaPowertoolsFormatter)["__init__"])
_LOGGER_OPTIONS = _parameters(vars(Logger)["__init__"])
_FAILED = frozenset({"error", "failed", "failure", "timeout"})
_SERVER_ERROR = 500


def level_of(service: str) -> str | None:
    """Read the log level that the environment has for a service: `WEBHOOK_HANDLER_LOG_LEVEL` for `webhook-handler`.

    Examples
    --------
    >>> level_of("no-such-service") is None
    True
    """
    name = "".join(letter if letter.isalnum() else "_" for letter in service.upper())
    return os.environ.get(f"{name}_LOG_LEVEL") or None


class ServiceLogger(Logger):
    """A Powertools Logger that knows what services log. Make it with `get_logger` or `setup_logging`.

    Parameters
    ----------
    service
        The service's name; by default `POWERTOOLS_SERVICE_NAME`.
    level
        Its level; by default `<SERVICE>_LOG_LEVEL`, then `POWERTOOLS_LOG_LEVEL`, then INFO.
    buffer_debug
        Keep debug lines (20 kB of an invocation at most) and show them when an error is logged or leaves the
        handler. In Lambda only, where an invocation has a trace id. Where the level is DEBUG, or a sampling rate
        makes it so, they are shown at once.
    **options
        Passed on to Powertools' Logger; what it does not know becomes a key of every line.

    Examples
    --------
    >>> import sys
    >>> logger = ServiceLogger("example-service", stream=sys.stdout, log_record_order=["message", "level"])
    >>> logger.info("Service started", version="1.2.0")
    {"message":"Service started","level":"INFO",..."service":"example-service","version":"1.2.0"}
    >>> logger.log_api_call("/users", "GET", 200, 150, "user-123")
    {"message":"API call","level":"INFO",..."endpoint":"/users","method":"GET","status_code":200,...}
    """

    def __init__(
        self, service: str | None = None, *, level: str | int | None = None, buffer_debug: bool = True, **options: Any
    ) -> None:
        name = service if service is not None else os.environ.get("POWERTOOLS_SERVICE_NAME", "service_undefined")
        level = level if level is not None else level_of(name)
        self.library_buffer: LibraryBuffer | None = None
        rate = options.get("sampling_rate") or os.environ.get("POWERTOOLS_LOGGER_SAMPLE_RATE")
        if options.get("logger_formatter") is None and not options.get("child"):
            formatting = {key: value for key, value in options.items() if key in _FORMATTER_OPTIONS}
            keys = {key: value for key, value in options.items() if key not in _LOGGER_OPTIONS}
            options["logger_formatter"] = LeanFormatter(**formatting, service=name, sampling_rate=rate, **keys)
        # With a sampling rate somebody wants to see the debug lines of whole invocations.
        if buffer_debug and not rate and not options.get("child") and _hides_debug(level):
            options.setdefault("buffer_config", LoggerBufferConfig(buffer_at_verbosity="DEBUG"))
        super().__init__(service=service, level=level, **options)
        _suppress_exactly(self.service)
        if self._buffer_config is not None:
            self.library_buffer = LibraryBuffer(self.registered_handler, self.log_level, self.flush_buffer)

    def setLevel(self, level: str | int | None) -> None:  # noqa: N802 - logging's name
        """Change the level; from DEBUG down, nothing is kept back any more."""
        super().setLevel(level)
        if self.library_buffer is not None:
            self.library_buffer.threshold = self.log_level
            if self.log_level <= logging.DEBUG:
                self.flush_buffer()
                self._buffer_config = None

    def flush_buffer(self) -> None:
        """Show the debug lines of this invocation, the service's own and the package's."""
        super().flush_buffer()
        if self.library_buffer is not None:
            self.library_buffer.show()

    @overload  # type: ignore[override] # Powertools' own options, passed on
    def inject_lambda_context(self, lambda_handler: HandlerT, **options: Any) -> HandlerT: ...

    @overload
    def inject_lambda_context(self, lambda_handler: None = None, **options: Any) -> Callable[[HandlerT], HandlerT]: ...

    def inject_lambda_context(self, lambda_handler: Callable[..., Any] | None = None, **options: Any) -> Any:
        """Decorate a handler: Lambda's facts and the correlation id on every line, debug lines shown on an error.

        Parameters
        ----------
        lambda_handler
            The handler.
        **options
            Those of Powertools; `flush_buffer_on_uncaught_error` is on unless it is said otherwise.
        """
        if lambda_handler is None:
            return functools.partial(self.inject_lambda_context, **options)
        options.setdefault("flush_buffer_on_uncaught_error", True)
        inner = super().inject_lambda_context(lambda_handler, **options)

        @functools.wraps(lambda_handler)
        def decorated(event: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
            current = get_correlation_id()
            if current is None and isinstance(event, Mapping):
                current = correlation_id_from_event(event)
            with use_correlation_id(current):
                return inner(event, context, *args, **kwargs)

        return decorated

    def log_api_call(
        self,
        endpoint: str,
        method: str,
        status_code: int,
        duration_ms: float,
        user_id: str | None = None,
        **fields: Any,
    ) -> None:
        """Log a call of an API; one that was answered with 5xx is an error.

        Parameters
        ----------
        endpoint
            The path, best as the route is written (`/users/{id}`). A query string is cut off: it may be anything.
        method
            GET, POST, ...
        status_code
            What it was answered with.
        duration_ms
            Milliseconds that it took.
        user_id
            Who asked, as an id.
        **fields
            Further facts, without personal data.
        """
        facts = {
            "endpoint": endpoint.partition("?")[0],
            "method": method,
            "status_code": status_code,
            "duration_ms": duration_ms,
            **fields,
        }
        self._facts(logging.ERROR if status_code >= _SERVER_ERROR else logging.INFO, "API call", facts, user_id)

    def log_task_execution(
        self, task: str, status: str, duration_ms: float, user_id: str | None = None, **fields: Any
    ) -> None:
        """Log a task that ended; `status` "error", "failed", "failure" or "timeout" makes it an error.

        Parameters
        ----------
        task
            The task's name.
        status
            How it ended (`"success"`).
        duration_ms
            Milliseconds that it took.
        user_id
            For whom, as an id.
        **fields
            Further facts, without personal data.
        """
        facts = {"task": task, "status": status, "duration_ms": duration_ms, **fields}
        self._facts(logging.ERROR if status.lower() in _FAILED else logging.INFO, "Task execution", facts, user_id)

    def log_agent_interaction(
        self,
        agent: str,
        interaction: str,
        status: str = "success",
        duration_ms: float | None = None,
        user_id: str | None = None,
        **fields: Any,
    ) -> None:
        """Log what an agent did (`"completion"`, `"tool_call"`); never what was said.

        Parameters
        ----------
        agent
            The agent's name or id.
        interaction
            The kind of thing that it did.
        status, duration_ms, user_id, **fields
            As for a task.
        """
        facts = {"agent": agent, "interaction": interaction, "status": status, "duration_ms": duration_ms, **fields}
        self._facts(logging.ERROR if status.lower() in _FAILED else logging.INFO, "Agent interaction", facts, user_id)

    def log_security_event(
        self, event: str, outcome: str = "denied", user_id: str | None = None, *, level: str = "WARNING", **fields: Any
    ) -> None:
        """Log something about who may do what (`"login"`, `"invalid_signature"`), at WARNING unless told otherwise.

        Parameters
        ----------
        event
            What it was about.
        outcome
            How it ended: `"denied"`, `"allowed"`.
        user_id
            Who, as an id, where that is known.
        level
            The line's level.
        **fields
            Further facts; no tokens, keys or addresses.
        """
        facts = {"security_event": event, "outcome": outcome, **fields}
        self._facts(logging.getLevelNamesMapping()[level.upper()], "Security event", facts, user_id)

    def log_database_operation(
        self,
        operation: str,
        table: str,
        duration_ms: float,
        rows: int | None = None,
        status: str = "success",
        **fields: Any,
    ) -> None:
        """Log an operation on the database; never its values.

        Parameters
        ----------
        operation
            What was done (`"select"`).
        table
            On what.
        duration_ms
            Milliseconds that it took.
        rows
            Rows that were read or changed.
        status, **fields
            As for a task.
        """
        facts = {"operation": operation, "table": table, "duration_ms": duration_ms, "rows": rows, "status": status}
        failed = status.lower() in _FAILED
        self._facts(logging.ERROR if failed else logging.INFO, "Database operation", {**facts, **fields}, None)

    def log_event(self, name: str, data: Mapping[str, Any], correlation_id: str | None = None) -> None:
        """Log that something happened; see the function `log_event`."""
        fields: dict[str, Any] = {"event": name, "data": dict(data)}
        if correlation_id is not None:
            fields["correlation_id"] = correlation_id
        self.info(name, extra=fields, stacklevel=3)

    def _facts(self, level: int, message: str, facts: dict[str, Any], user_id: str | None) -> None:
        fields = {key: value for key, value in facts.items() if value is not None}
        if user_id is not None:
            fields["user_id"] = user_id
        # Past this method and the public one, so that `location` is the caller's.
        if level >= logging.ERROR:
            self.error(message, extra=fields, stacklevel=4)
        elif level >= logging.WARNING:
            self.warning(message, extra=fields, stacklevel=4)
        else:
            self.info(message, extra=fields, stacklevel=4)


def _hides_debug(level: str | int | None) -> bool:
    """Say whether debug lines would otherwise be dropped, and would be shown if they were written."""
    if level is None:
        level = os.environ.get("POWERTOOLS_LOG_LEVEL") or os.environ.get("LOG_LEVEL") or logging.INFO
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO) if isinstance(level, str) else level
    # Lambda's own filter would drop what is shown later, and Powertools warns of it at every cold start.
    return number > logging.DEBUG and os.environ.get("AWS_LAMBDA_LOG_LEVEL", "DEBUG") in ("DEBUG", "TRACE")


class _ExactSuppressFilter(logging.Filter):
    """Keeps the lines of one logger and its children from being printed twice, and no others."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not super().filter(record)


def _suppress_exactly(service: str) -> None:
    """Put an exact filter in the place of Powertools': its own matches any part of a logger's name.

    A service called `api` would silence `google.api_core`, and `shared` this very package.
    """
    for handler in logging.getLogger().handlers:
        for existing in handler.filters[:]:
            if type(existing) is SuppressFilter and existing.logger == service:
                handler.removeFilter(existing)
                handler.addFilter(_ExactSuppressFilter(service))
