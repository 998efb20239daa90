"""Health of a service by component: each check runs in its own thread and has a timeout.

Three probes: `live` (the process responds; a failing dependency is not a reason to restart it), `ready` (every
critical check passes, so the service can receive traffic), `health` (all checks, for operators and dashboards).
Powertools has no health checks.
"""

from __future__ import annotations

import inspect
import os
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "DEFAULT_TIMEOUT",
    "HealthRegistry",
    "HealthResponse",
    "get_health_registry",
    "get_health_status",
    "register_health_check",
]

DEFAULT_TIMEOUT = 2.0
"""Seconds that a check may take."""

Status: TypeAlias = Literal["healthy", "degraded", "unhealthy"]


@dataclass(frozen=True)
class HealthResponse:
    """The response of a health route.

    Parameters
    ----------
    status_code
        200, or 503 if the service should not receive traffic.
    body
        The JSON object.
    """

    status_code: int
    body: dict[str, Any]


@dataclass(frozen=True)
class _Check:
    name: str
    function: Callable[[], Any]
    timeout: float
    critical: bool


class _Run:
    """One run of a check, in a thread that no caller has to wait for."""

    def __init__(self, check: _Check) -> None:
        self.done = threading.Event()
        self.started = time.monotonic()
        self.error: BaseException | None = None
        self.result: Any = None
        self.duration = 0.0
        # A daemon: a check that hangs must not prevent the process from exiting.
        self._thread = threading.Thread(target=self._run, args=(check,), name=f"health-{check.name}", daemon=True)
        self._thread.start()

    def _run(self, check: _Check) -> None:
        try:
            self.result = _call(check.function)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the check failed
            self.error = error
        finally:
            self.duration = time.monotonic() - self.started
            self.done.set()


def _call(function: Callable[[], Any]) -> Any:
    if inspect.iscoroutinefunction(function):
        import anyio

        return anyio.run(function)
    return function()


class HealthRegistry:
    """The checks of a service.

    Parameters
    ----------
    service
        The service's name; by default `POWERTOOLS_SERVICE_NAME`.

    Examples
    --------
    >>> registry = HealthRegistry("my-service")
    >>> registry.register("bucket", lambda: True)
    >>> registry.get_health_status()["components"]["bucket"]["status"]
    'healthy'
    >>> registry.ready().status_code
    200
    """

    def __init__(self, service: str | None = None) -> None:
        self._service = service
        self._checks: dict[str, _Check] = {}
        self._running: dict[str, _Run] = {}
        self._lock = threading.Lock()

    def register(
        self, name: str, check: Callable[[], Any], *, timeout: float = DEFAULT_TIMEOUT, critical: bool = True
    ) -> None:
        """Add a check, or replace the one of this name.

        Parameters
        ----------
        name
            The component.
        check
            Called without arguments, in another thread; a coroutine function runs in its own event loop. It fails by
            raising or by returning False.
        timeout
            Seconds after which the check has failed.
        critical
            Whether the service is unhealthy without this component, and not only degraded.
        """
        with self._lock:
            self._checks[name] = _Check(name, check, timeout, critical)

    def unregister(self, name: str) -> None:
        """Remove a check, if it is registered."""
        with self._lock:
            self._checks.pop(name, None)

    def get_health_status(self, *, critical_only: bool = False) -> dict[str, Any]:
        """Run all checks concurrently and return the status of each component.

        Parameters
        ----------
        critical_only
            Skip the components that are not critical.

        Returns
        -------
        dict
            `status` ("healthy", "degraded" or "unhealthy"), `service`, `timestamp` and, by name, `components`, each
            with `status`, `critical`, `latency_ms`, and the type of an `error`. Texts of errors are omitted: they may
            contain secrets, and the route may be public.
        """
        with self._lock:
            checks = [check for check in self._checks.values() if check.critical or not critical_only]
            runs = [(check, self._start(check)) for check in checks]
        components = {check.name: _get_outcome(check, run) for check, run in runs}
        failed = [component for component in components.values() if component["status"] != "healthy"]
        status: Status = "healthy"
        if failed:
            status = "unhealthy" if any(component["critical"] for component in failed) else "degraded"
        return {**self._create_head(status), "components": components}

    def health(self) -> HealthResponse:
        """Return the response to `/health`: all components; 503 if a critical one fails."""
        return _create_response(self.get_health_status())

    def ready(self) -> HealthResponse:
        """Return the response to `/ready`: the critical components; 503 if one fails."""
        return _create_response(self.get_health_status(critical_only=True))

    def live(self) -> HealthResponse:
        """Return the response to `/live`: the process responds; nothing is checked."""
        return HealthResponse(200, self._create_head("healthy"))

    def _start(self, check: _Check) -> _Run:
        # A check that still hangs is not started again, which would leak a thread each time.
        run = self._running.get(check.name)
        if run is None or run.done.is_set():
            run = self._running[check.name] = _Run(check)
        return run

    def _create_head(self, status: Status) -> dict[str, Any]:
        service = self._service or os.environ.get("POWERTOOLS_SERVICE_NAME") or "service_undefined"
        return {"status": status, "service": service, "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds")}


def _get_outcome(check: _Check, run: _Run) -> dict[str, Any]:
    is_in_time = run.done.wait(max(0.0, run.started + check.timeout - time.monotonic()))
    error: str | None = None
    if not is_in_time:
        error = "TimeoutError"
    elif run.error is not None:
        error = type(run.error).__name__
    elif run.result is False:
        error = "CheckFailed"
    component: dict[str, Any] = {
        "status": "healthy" if error is None else "unhealthy",
        "critical": check.critical,
        "latency_ms": round((run.duration if is_in_time else check.timeout) * 1000, 3),
    }
    if error is not None:
        component["error"] = error
    return component


def _create_response(status: dict[str, Any]) -> HealthResponse:
    return HealthResponse(503 if status["status"] == "unhealthy" else 200, status)


_registry = HealthRegistry()


def get_health_registry() -> HealthRegistry:
    """Return the registry of this process."""
    return _registry


def register_health_check(
    name: str, check: Callable[[], Any], *, timeout: float = DEFAULT_TIMEOUT, critical: bool = True
) -> None:
    """Add a check to the registry of this process; see `HealthRegistry.register`."""
    _registry.register(name, check, timeout=timeout, critical=critical)


def get_health_status() -> dict[str, Any]:
    """Return the status of each component of this process; see `HealthRegistry.get_health_status`.

    Examples
    --------
    >>> get_health_status()["status"]
    'healthy'
    """
    return _registry.get_health_status()
