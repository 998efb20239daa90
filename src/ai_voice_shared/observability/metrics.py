"""Metrics: counts, gauges and timings of a service, by CloudWatch's EMF or by Datadog.

Both use Powertools' providers: EMF writes lines of JSON to the log, from which CloudWatch extracts metrics; Datadog's
sends them to its extension, or to the log for its forwarder. Metrics are collected during an invocation and written at
its end, by `MetricsClient.log_metrics` or `flush`.

A metric with tags has two sets of dimensions, the service alone and the service with the tags, so that both can be
queried. Each combination of tags is charged for: tags are routes, task names and outcomes, never ids. Powertools' own
`Metrics` has one set of dimensions for all metrics of a process, and a decorator for synchronous functions only.
"""

from __future__ import annotations

import functools
import inspect
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from ai_voice_shared.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ai_voice_shared.settings.metrics import MetricsSettings

__all__ = ["DatadogBackend", "EmfBackend", "MetricsBackend", "MetricsClient", "get_metrics", "set_metrics"]

P = ParamSpec("P")
R = TypeVar("R")

_NO_SERVICE = "service_undefined"
_RESERVED = frozenset({"service", "timestamp"})


class MetricsBackend(Protocol):
    """The destination of metrics."""

    def add(self, name: str, value: float, unit: str, tags: dict[str, str]) -> None:
        """Add a value; `unit` is one of CloudWatch's."""

    def flush(self) -> None:
        """Write the collected values."""


class EmfBackend:
    """CloudWatch metrics as log lines (EMF), by Powertools' provider.

    Parameters
    ----------
    namespace
        CloudWatch's namespace.
    service
        The dimension `service`, which every metric has.
    """

    def __init__(self, namespace: str, service: str) -> None:
        self._namespace = namespace
        self._service = service
        # Dimensions apply to a whole EMF line, so each combination of tags has its own line.
        self._providers: dict[tuple[tuple[str, str], ...], Any] = {}

    def add(self, name: str, value: float, unit: str, tags: dict[str, str]) -> None:
        """Add a value to the line of its tags."""
        key = tuple(sorted(tags.items()))
        provider = self._providers.get(key)
        if provider is None:
            from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

            provider = AmazonCloudWatchEMFProvider(namespace=self._namespace, service=self._service)
            provider.add_dimension("service", self._service)
            if tags:
                provider.add_dimensions(service=self._service, **tags)
            self._providers[key] = provider
        provider.add_metric(name=name, unit=unit, value=value)

    def flush(self) -> None:
        """Print the lines."""
        providers, self._providers = self._providers, {}
        for provider in providers.values():
            if provider.metric_set:  # a full line is printed at once, and may leave no values
                provider.flush_metrics()


class DatadogBackend:
    """Datadog metrics, by Powertools' provider: through `datadog_lambda` if it is installed, else through the log.

    Parameters
    ----------
    namespace
        Prefix of each name.
    service
        The tag `service`, which every metric has.
    """

    def __init__(self, namespace: str, service: str) -> None:
        from aws_lambda_powertools.metrics.provider.datadog.datadog import DatadogProvider

        self._provider = DatadogProvider(namespace=namespace, default_tags={"service": service})

    def add(self, name: str, value: float, unit: str, tags: dict[str, str]) -> None:  # noqa: ARG002 - Datadog has none
        """Add a value."""
        self._provider.add_metric(name, value, None, **tags)

    def flush(self) -> None:
        """Pass the values on to Datadog."""
        if self._provider.metric_set:
            self._provider.flush_metrics()


class MetricsClient:
    """Records counts, gauges and timings of a service.

    Parameters
    ----------
    service
        The service's name; by default `POWERTOOLS_SERVICE_NAME`.
    settings
        Provider and namespace; by default from the environment.
    backend
        The destination of the metrics; by default that of the settings.

    Examples
    --------
    >>> metrics = MetricsClient("my-service")
    >>> with metrics.record_timing("operation.duration"):
    ...     metrics.increment("operation.count")
    >>> metrics.flush()
    {"_aws":{...},"service":"my-service","operation.count":[1.0],"operation.duration":[...]}
    """

    def __init__(
        self,
        service: str | None = None,
        *,
        settings: MetricsSettings | None = None,
        backend: MetricsBackend | None = None,
    ) -> None:
        self._service = service
        self._settings = settings
        self._backend = backend
        self._lock = threading.RLock()

    def increment(self, name: str, value: float = 1, **tags: str) -> None:
        """Increment a counter.

        Parameters
        ----------
        name
            The metric (`"operation.count"`): letters, digits, `_` and `.`, which every provider accepts.
        value
            The increment.
        **tags
            The dimensions: few values each, never ids.

        Raises
        ------
        ValidationError
            The name, the value or a tag is not valid.
        """
        self._add(name, value, "Count", tags)

    def gauge(self, name: str, value: float, unit: str = "None", **tags: str) -> None:
        """Record a value at this moment; `unit` is one of CloudWatch's (`"Bytes"`, `"Percent"`)."""
        self._add(name, value, unit, tags)

    def timing(self, name: str, milliseconds: float, **tags: str) -> None:
        """Record a duration in milliseconds."""
        self._add(name, milliseconds, "Milliseconds", tags)

    @contextmanager
    def record_timing(self, name: str, **tags: str) -> Iterator[None]:
        """Record the duration of a `with` block, even if it raises."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.timing(name, (time.perf_counter() - started) * 1000, **tags)

    def circuit_transition(self, circuit: str, state: str) -> None:
        """Record a state change of a circuit breaker.

        Parameters
        ----------
        circuit
            Name of the circuit.
        state
            The new state: `"OPEN"`, `"HALF_OPEN"` or `"CLOSED"`, in any case.
        """
        level = {"closed": 0, "half_open": 0.5, "open": 1}.get(state.lower())
        if level is None:
            msg = f"{state!r} is not a valid circuit breaker state"
            raise ValidationError(msg)
        self.gauge("circuit_breaker.open", level, circuit=circuit)
        self.increment("circuit_breaker.transitions", circuit=circuit, state=state.lower())

    def flush(self) -> None:
        """Write the collected metrics, if there are any."""
        with self._lock:
            if self._backend is not None:
                self._backend.flush()

    def log_metrics(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate a synchronous or `async` handler: metrics are written when it returns or raises.

        Examples
        --------
        >>> metrics = MetricsClient("my-service")
        >>> @metrics.log_metrics
        ... def handler(event, context):
        ...     metrics.increment("calls")
        >>> handler({}, None)
        {"_aws":{...},"service":"my-service","calls":[1.0]}
        """
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapper_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                try:
                    return await function(*args, **kwargs)
                finally:
                    self.flush()

            return wrapper_async  # type: ignore[return-value]

        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            finally:
                self.flush()

        return wrapper

    def _add(self, name: str, value: float, unit: str, tags: dict[str, str]) -> None:
        from aws_lambda_powertools.metrics.exceptions import (
            MetricUnitError,
            MetricValueError,
            SchemaValidationError,
        )
        from aws_lambda_powertools.metrics.provider.cloudwatch_emf.exceptions import MetricNameError

        if not name.isascii() or not name.replace("_", "").replace(".", "").isalnum():
            msg = f"invalid metric name {name!r}: use letters, digits, _ and . only"
            raise ValidationError(msg)
        texts = {key: str(text) for key, text in tags.items()}
        for key, text in texts.items():
            if key in _RESERVED or not text.strip():
                msg = f"the tag {key} of the metric {name} has no value, or a reserved name"
                raise ValidationError(msg)
        try:
            with self._lock:
                if self._backend is None:
                    self._backend = self._create()
                self._backend.add(name, value, unit, texts)
        except (MetricNameError, MetricUnitError, MetricValueError, SchemaValidationError) as error:
            msg = f"invalid metric {name}: {error}"
            raise ValidationError(msg) from error

    def _create(self) -> MetricsBackend:
        from ai_voice_shared.settings.metrics import MetricsSettings

        settings = self._settings or MetricsSettings()
        service = self._service or settings.service or _NO_SERVICE
        backend = DatadogBackend if settings.provider == "datadog" else EmfBackend
        return backend(settings.namespace, service)


_metrics: MetricsClient | None = None
_metrics_lock = threading.Lock()


def get_metrics() -> MetricsClient:
    """Return the metrics client of this process, which the monitoring decorators use by default."""
    global _metrics  # noqa: PLW0603 - one per process, as its invocations share the log
    with _metrics_lock:
        if _metrics is None:
            _metrics = MetricsClient()
        return _metrics


def set_metrics(metrics: MetricsClient | None) -> MetricsClient | None:
    """Set the metrics client of this process, and return the previous one.

    Examples
    --------
    >>> mine = MetricsClient("my-service")
    >>> before = set_metrics(mine)
    >>> get_metrics() is mine
    True
    >>> _ = set_metrics(before)
    """
    global _metrics
    with _metrics_lock:
        before, _metrics = _metrics, metrics
        return before
