"""Decorators that instrument synchronous and `async` tasks and API calls with a log line, a span and metrics.

Only names, ids, outcomes and times are written. Arguments, results and error texts may contain personal data.
"""

from __future__ import annotations

import functools
import inspect
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from ai_voice_shared.observability.logger import get_agent_logger, get_api_logger
from ai_voice_shared.observability.metrics import MetricsClient, get_metrics
from ai_voice_shared.observability.tracing import get_tracer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ai_voice_shared.observability.service_logger import ServiceLogger

__all__ = ["circuit_transition_hook", "monitor_api_call", "monitor_task_execution"]

P = ParamSpec("P")
R = TypeVar("R")

_CLIENT_ERROR = 400
_SERVER_ERROR = 500


class _Call:
    """A call in progress."""

    def __init__(self) -> None:
        self.result: Any = None


def monitor_task_execution(
    task: str,
    user_id: str | None = None,
    *,
    logger: ServiceLogger | None = None,
    metrics: MetricsClient | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Instrument a task: `log_task_execution`, the span `## task.<name>`, and the metrics `task.*`.

    The metrics are `task.count`, `task.errors` and `task.duration`.

    Parameters
    ----------
    task
        The task's name; a tag of its metrics.
    user_id
        Id of the user for whom it runs; on the log line only.
    logger
        By default the agents' logger.
    metrics
        By default those of the process.

    Examples
    --------
    >>> import sys
    >>> from ai_voice_shared.observability import get_logger
    >>> logger = get_logger("monitor-task-example", stream=sys.stdout)
    >>> @monitor_task_execution("data_processing", user_id="user-123", logger=logger)
    ... def process_data():
    ...     return 42
    >>> process_data()
    {..."message":"Task execution",..."task":"data_processing","status":"success",..."user_id":"user-123"}
    42
    """

    @contextmanager
    def instrumented() -> Iterator[_Call]:
        call, started, error = _Call(), time.perf_counter(), None
        try:
            with get_tracer().span(f"## task.{task}"):
                yield call
        except BaseException as raised:
            error = raised
            raise
        finally:
            duration = (time.perf_counter() - started) * 1000
            client = metrics or get_metrics()
            client.increment("task.count", task=task)
            if error is not None:
                client.increment("task.errors", task=task)
            client.timing("task.duration", duration, task=task)
            fields = {} if error is None else {"error": type(error).__name__}
            (logger or get_agent_logger()).log_task_execution(
                task, "success" if error is None else "failed", round(duration, 3), user_id, **fields
            )

    return _create_decorator(instrumented)


def monitor_api_call(
    endpoint: str,
    method: str,
    user_id: str | None = None,
    *,
    logger: ServiceLogger | None = None,
    metrics: MetricsClient | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Instrument an API call: `log_api_call`, the span `## api.<method> <endpoint>`, and the metrics `api.*`.

    The metrics are `api.count`, `api.client_errors` (4xx), `api.errors` (5xx) and `api.duration`. The status is that of
    the result (`statusCode`, `status_code`; else 200) or of the error (`status`; else 500).

    Parameters
    ----------
    endpoint
        The pattern of the route (`/users/{id}`); a tag of its metrics.
    method
        GET, POST, ...; a tag as well.
    user_id
        Id of the user who calls; on the log line only.
    logger
        By default the API's logger.
    metrics
        By default those of the process.

    Examples
    --------
    >>> import sys
    >>> from ai_voice_shared.observability import get_logger
    >>> logger = get_logger("monitor-api-example", stream=sys.stdout)
    >>> @monitor_api_call("/users", "GET", user_id="user-123", logger=logger)
    ... def get_users():
    ...     return {"statusCode": 200, "body": "[]"}
    >>> get_users()["body"]
    {..."message":"API call",..."endpoint":"/users","method":"GET","status_code":200,..."user_id":"user-123"}
    '[]'
    """

    @contextmanager
    def instrumented() -> Iterator[_Call]:
        call, started, error = _Call(), time.perf_counter(), None
        try:
            with get_tracer().span(f"## api.{method} {endpoint}"):
                yield call
        except BaseException as raised:
            error = raised
            raise
        finally:
            duration = (time.perf_counter() - started) * 1000
            status = _get_status(call.result, error)
            client = metrics or get_metrics()
            client.increment("api.count", endpoint=endpoint, method=method)
            if status >= _CLIENT_ERROR:
                kind = "api.errors" if status >= _SERVER_ERROR else "api.client_errors"
                client.increment(kind, endpoint=endpoint, method=method)
            client.timing("api.duration", duration, endpoint=endpoint, method=method)
            fields = {} if error is None else {"error": type(error).__name__}
            (logger or get_api_logger()).log_api_call(endpoint, method, status, round(duration, 3), user_id, **fields)

    return _create_decorator(instrumented)


def circuit_transition_hook(metrics: MetricsClient | None = None) -> Callable[[Any], None]:
    """Create an `on_transition` hook that records each state change of a circuit breaker of this package or Powertools.

    Parameters
    ----------
    metrics
        By default those of the process.

    Examples
    --------
    >>> hook = circuit_transition_hook()  # CircuitBreaker("customer-lookup", on_transition=hook)
    """

    def record(transition: Any) -> None:
        state = transition.to_state
        (metrics or get_metrics()).circuit_transition(transition.circuit_name, getattr(state, "value", str(state)))

    return record


def _create_decorator(instrumented: Callable[[], Any]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapper_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                with instrumented() as call:
                    call.result = await function(*args, **kwargs)
                    return call.result

            return wrapper_async  # type: ignore[return-value]

        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            with instrumented() as call:
                result = call.result = function(*args, **kwargs)
                return result

        return wrapper

    return decorate


def _get_status(result: Any, error: BaseException | None) -> int:
    if error is not None:
        status = getattr(error, "status", _SERVER_ERROR)
    elif isinstance(result, dict):
        status = result.get("statusCode", result.get("status_code", 200))
    else:
        status = getattr(result, "status_code", 200)
    return status if isinstance(status, int) else 200
