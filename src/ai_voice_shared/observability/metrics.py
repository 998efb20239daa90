"""Metrics: counts, gauges and timings of a service, by CloudWatch's EMF or by Datadog.

Both are Powertools' providers: EMF writes one line of JSON to the log, out of which CloudWatch makes metrics;
Datadog's goes to its extension, or to the log for its forwarder. Metrics are collected during an invocation and
written at its end, by `MetricsClient.log_metrics` or `flush`.

A metric with tags is written under the service and, beside it, under the service and its tags, so that one can ask
for both. Each combination of tags is a metric that is paid for: tags are routes, task names and outcomes, never ids.
Powertools' own `Metrics` has one set of dimensions for all metrics of a process, and a decorator for plain functions
only.
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
_TAKEN = frozenset({"service", "timestamp"})


class MetricsBackend(Protocol):
    """Where metrics go."""

    def add(self, name: str, value: float, unit: str, tags: dict[str, str]) -> None:
        """Add a value; `unit` is CloudWatch's name of it."""

    def flush(self) -> None:
        """Write the values."""


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
        # Dimensions belong to a whole EMF line, so each combination of tags has a line of its own.
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
            if provider.metric_set:  # a full line prints itself, and may have left nothing
                provider.flush_metrics()


class DatadogBackend:
    """Datadog metrics, by Powertools' provider: through `datadog_lambda` where it is installed, else by the log.

    Parameters
    ----------
    namespace
        Put before each name.
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
        """Hand the values on."""
        if self._provider.metric_set:
            self._provider.flush_metrics()


class MetricsClient:
    """Counts, measures and times what a service does.

    Parameters
    ----------
    service
        The service's name; by default `POWERTOOLS_SERVICE_NAME`.
    settings
        Provider and namespace; by default from the environment.
    backend
        Where metrics go; by default what the settings say.

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
        """Count something.

        Parameters
        ----------
        name
            The metric (`"operation.count"`): letters, digits, `_` and `.`, so that every provider takes it.
        value
            How many.
        **tags
            Its dimensions: few values each, never ids.

        Raises
        ------
        ValidationError
            A name, value or tag that the provider does not take.
        """
        self._add(name, value, "Count", tags)

    def gauge(self, name: str, value: float, unit: str = "None", **tags: str) -> None:
        """Record how much there is of something; `unit` is one of CloudWatch's (`"Bytes"`, `"Percent"`)."""
        self._add(name, value, unit, tags)

    def timing(self, name: str, milliseconds: float, **tags: str) -> None:
        """Record how long something took, in milliseconds."""
        self._add(name, milliseconds, "Milliseconds", tags)

    @contextmanager
    def record_timing(self, name: str, **tags: str) -> Iterator[None]:
        """Record how long the block takes, also when an error leaves it."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.timing(name, (time.perf_counter() - started) * 1000, **tags)

    def circuit_transition(self, circuit: str, state: str) -> None:
        """Record that a circuit breaker went to another state.

        Parameters
        ----------
        circuit
            Its name.
        state
            `"OPEN"`, `"HALF_OPEN"` or `"CLOSED"`, in any case.
        """
        level = {"closed": 0, "half_open": 0.5, "open": 1}.get(state.lower())
        if level is None:
            msg = f"{state!r} is not a state of a circuit"
            raise ValidationError(msg)
        self.gauge("circuit_breaker.open", level, circuit=circuit)
        self.increment("circuit_breaker.transitions", circuit=circuit, state=state.lower())

    def flush(self) -> None:
        """Write what was collected; nothing, where there is nothing."""
        with self._lock:
            if self._backend is not None:
                self._backend.flush()

    def log_metrics(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate a handler, plain or `async`: metrics are written when it is done, also when it fails.

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
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                try:
                    return await function(*args, **kwargs)
                finally:
                    self.flush()

            return awaited  # type: ignore[return-value]

        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            finally:
                self.flush()

        return called

    def _add(self, name: str, value: float, unit: str, tags: dict[str, str]) -> None:
        from aws_lambda_powertools.metrics.exceptions import (
            MetricUnitError,
            MetricValueError,
            SchemaValidationError,
        )
        from aws_lambda_powertools.metrics.provider.cloudwatch_emf.exceptions import MetricNameError

        if not name.isascii() or not name.replace("_", "").replace(".", "").isalnum():
            msg = f"the metric name {name!r} has other characters than letters, digits, _ and ."
            raise ValidationError(msg)
        texts = {key: str(text) for key, text in tags.items()}
        for key, text in texts.items():
            if key in _TAKEN or not text.strip():
                msg = f"the tag {key} of the metric {name} has no value, or a name that is taken"
                raise ValidationError(msg)
        try:
            with self._lock:
                if self._backend is None:
                    self._backend = self._create()
                self._backend.add(name, value, unit, texts)
        except (MetricNameError, MetricUnitError, MetricValueError, SchemaValidationError) as error:
            msg = f"the metric {name} is not usable: {error}"
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
    """Return the metrics of this process, which monitoring writes to as well."""
    global _metrics  # noqa: PLW0603 - one per process, as its invocations share the log
    with _metrics_lock:
        if _metrics is None:
            _metrics = MetricsClient()
        return _metrics


def set_metrics(metrics: MetricsClient | None) -> MetricsClient | None:
    """Make `metrics` those of this process; return the previous ones.

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
