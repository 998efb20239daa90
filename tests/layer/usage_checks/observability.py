"""Logs, metrics, traces, health, and the metrics of CloudWatch."""

from __future__ import annotations

import io
import json
import logging
import os
import time
import uuid
from typing import Any

from .registry import checks_usage

__all__: list[str] = []


def _lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


@checks_usage(
    "get_logger",
    "observability.attach_library_logs",
    "observability.buffering.DebugBufferConfig",
    "observability.buffering.LibraryHandler",
    "observability.logger.LineFilter",
    "observability.setup_logging",
    "observability.ServiceLogger",
    "observability.log_event",
)
def a_logger_and_the_package_s_own_lines() -> None:
    """Log lines are JSON with service and correlation id; debug lines of the package are buffered until an error."""
    from ai_voice_shared import get_logger, use_correlation_id
    from ai_voice_shared.observability import attach_library_logs, log_event, setup_logging

    out = io.StringIO()
    logger = get_logger(f"logged-{uuid.uuid4()}", stream=out)
    attach_library_logs(logger)
    os.environ["_X_AMZN_TRACE_ID"] = f"Root=1-{uuid.uuid4()}"
    library = logging.getLogger("ai_voice_shared.usage_check")
    with use_correlation_id("order-7"):
        library.debug("in detail")
        assert out.getvalue() == ""
        library.error("it failed")
    assert [line["message"] for line in _lines(out)] == ["in detail", "it failed"]
    assert {line["correlation_id"] for line in _lines(out)} == {"order-7"}
    out = io.StringIO()
    other = setup_logging(f"service-{uuid.uuid4()}", level="INFO", stream=out)
    log_event(other, "user_created", {"user_id": 123}, "correlation-123")
    assert _lines(out)[-1]["correlation_id"] == "correlation-123"


@checks_usage(
    "observability.get_agent_logger",
    "observability.get_api_logger",
    "observability.get_shared_logger",
    "observability.get_web_logger",
    "observability.LogManager",
    "observability.log_request",
    "observability.log_events.RequestLog",
)
def loggers_by_role() -> None:
    """Each logger has its service's name and the documents' methods."""
    from ai_voice_shared import observability
    from ai_voice_shared.observability import LogManager, log_request

    services = []
    for name in ("get_agent_logger", "get_api_logger", "get_shared_logger", "get_web_logger"):
        logger = getattr(observability, name)()
        assert logger.log_api_call("/users", "GET", 200, 150, "user-123") is None
        services.append(logger.service)
    assert len(set(services)) == 4
    assert LogManager("managed").logger.service == "managed"
    out = io.StringIO()
    logger = observability.setup_logging(f"requests-{uuid.uuid4()}", stream=out)
    with log_request(logger, "GET", "/users") as request:
        request.status_code = 204
    assert _lines(out)[-1]["status_code"] == 204


@checks_usage(
    "observability.MetricsClient",
    "observability.get_metrics",
    "observability.set_metrics",
    "observability.metrics.DatadogBackend",
    "observability.metrics.EmfBackend",
    "observability.circuit_transition_hook",
    "resilience.circuit_breaker.record_transition",
)
def metrics_by_both_providers() -> None:
    """The documents' calls and a circuit that opens are written as metrics."""
    import contextlib

    from ai_voice_shared.observability import MetricsClient, circuit_transition_hook, get_metrics, set_metrics
    from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker, record_transition
    from ai_voice_shared.settings import MetricsSettings

    written = {}
    for provider in ("emf", "datadog"):
        settings = MetricsSettings(provider=provider)
        metrics = MetricsClient("measured", settings=settings)
        set_metrics(metrics)
        assert get_metrics() is metrics
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            with metrics.record_timing("operation.duration"):
                metrics.increment("operation.count")
            for hook in (record_transition, circuit_transition_hook(metrics)):
                breaker = CircuitBreaker(f"{uuid.uuid4()}", failure_threshold=1, on_transition=hook)
                with contextlib.suppress(ZeroDivisionError):
                    breaker.call(lambda: 1 / 0)
            metrics.flush()
        written[provider] = out.getvalue()
    assert written["emf"].count('"circuit_breaker.open":[1.0]') == 2
    assert '"operation.count":[1.0]' in written["emf"]
    assert "operation.duration" in written["datadog"]


@checks_usage("observability.monitor_api_call", "observability.monitor_task_execution")
def watched_functions_give_what_they_give() -> None:
    """Monitored functions raise their own errors, and both outcomes are counted."""
    from ai_voice_shared.observability import MetricsClient, monitor_api_call, monitor_task_execution

    counted: list[str] = []

    class Counting:
        def add(self, name: str, value: float, unit: str, tags: dict[str, str]) -> None:
            counted.append(name)

        def flush(self) -> None:
            """Record everything."""

    metrics = MetricsClient("watched", backend=Counting())
    assert monitor_task_execution("parse", user_id="user-123", metrics=metrics)(lambda: "done")() == "done"
    failing = monitor_api_call("/users", "GET", user_id="user-123", metrics=metrics)(lambda: 1 / 0)
    try:
        failing()
    except ZeroDivisionError:
        assert {"task.count", "task.duration", "api.count", "api.errors"} <= set(counted)
        return
    raise AssertionError


@checks_usage("get_tracer", "observability.XRayTracer", "observability.set_tracer")
def a_span_reaches_x_ray_s_daemon() -> None:
    """Segments are sent over UDP, under the trace of the invocation."""
    import socket

    from ai_voice_shared import get_tracer
    from ai_voice_shared.observability import XRayTracer, set_tracer

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(10)
        from aws_xray_sdk.core import xray_recorder

        before = set_tracer(XRayTracer())
        os.environ["_X_AMZN_TRACE_ID"] = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
        xray_recorder.configure(daemon_address=f"127.0.0.1:{daemon.getsockname()[1]}")
        try:
            with get_tracer().span("## work", size=3) as span:
                span.annotate("outcome", "done")
            sent = daemon.recv(65536).decode()
        finally:
            set_tracer(before)
    assert '"## work"' in sent
    assert '"outcome": "done"' in sent or '"outcome":"done"' in sent


@checks_usage("observability.OpenTelemetryTracer")
def spans_go_to_opentelemetry() -> None:
    """Spans go to any OpenTelemetry tracer: its SDK is not in the layer."""
    from contextlib import contextmanager

    from ai_voice_shared.observability import OpenTelemetryTracer

    noted: dict[str, Any] = {}

    class Span:
        def set_attribute(self, key: str, value: Any) -> None:
            noted[key] = value

    class FakeTracer:
        @contextmanager
        def start_as_current_span(self, name: str, **options: Any) -> Any:
            noted["name"] = name
            noted.update(options.get("attributes") or {})
            yield Span()

    with OpenTelemetryTracer(FakeTracer()).span("## work", size=3) as span:
        span.annotate("outcome", "done")
    assert noted == {"name": "## work", "size": 3, "outcome": "done"}


@checks_usage("observability.propagation.outgoing_headers", "observability.propagation.traceparent")
def the_trace_goes_along() -> None:
    """The trace context is propagated by X-Ray's header and by W3C's."""
    from ai_voice_shared import use_correlation_id
    from ai_voice_shared.observability.propagation import outgoing_headers, traceparent

    os.environ["_X_AMZN_TRACE_ID"] = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    with use_correlation_id("order-7"):
        headers = outgoing_headers()
    assert headers["X-Correlation-Id"] == "order-7"
    assert headers["traceparent"] == traceparent(os.environ["_X_AMZN_TRACE_ID"])
    assert "5759e988bd862e3fe1be46a994272793" in headers["traceparent"]


@checks_usage(
    "observability.HealthRegistry",
    "observability.HealthResponse",
    "observability.get_health_registry",
    "observability.get_health_status",
    "observability.register_health_check",
)
def health_by_component() -> None:
    """A check that hangs is ended at its timeout, and the others are still reported."""
    import threading

    from ai_voice_shared.observability import (
        HealthRegistry,
        HealthResponse,
        get_health_registry,
        get_health_status,
        register_health_check,
    )

    registry, never = HealthRegistry("mine"), threading.Event()
    registry.register("bucket", lambda: True)
    registry.register("table", never.wait, timeout=0.05)
    response = registry.health()
    never.set()
    assert isinstance(response, HealthResponse)
    assert response.status_code == 503
    statuses = {name: check["status"] for name, check in response.body["components"].items()}
    assert statuses == {"bucket": "healthy", "table": "unhealthy"}
    name = f"check-{uuid.uuid4()}"
    register_health_check(name, lambda: True)
    assert name in get_health_status()["components"]
    assert get_health_registry().health().status_code == 200


@checks_usage("observability.get_performance_metrics", "observability.get_system_metrics")
def what_cloudwatch_knows() -> None:
    """The counts in CloudWatch are returned."""
    import boto3

    from ai_voice_shared.observability import get_performance_metrics, get_system_metrics

    service = f"service-{uuid.uuid4()}"
    cloudwatch: Any = boto3.client("cloudwatch")
    for namespace, name, dimension in (
        ("AIVoiceTool", "task.count", {"Name": "service", "Value": service}),
        ("AWS/Lambda", "Invocations", {"Name": "FunctionName", "Value": service}),
    ):
        cloudwatch.put_metric_data(
            Namespace=namespace,
            MetricData=[{"MetricName": name, "Dimensions": [dimension], "Value": 3, "Unit": "Count"}],
        )
    found = get_performance_metrics(time_range_hours=24, service=service)
    assert (found["tasks"]["count"], found["api_calls"]["count"]) == (3, 0)
    assert get_system_metrics(24, function_name=service)["invocations"] == 3


@checks_usage("observability.get_user_metrics", "observability.cleanup_old_metrics")
def what_the_logs_know() -> None:
    """A user's calls are counted from the log lines; a log group without expiry gets a retention period."""
    import boto3

    from ai_voice_shared.observability import cleanup_old_metrics, get_user_metrics

    logs: Any = boto3.client("logs")
    group = f"/aws/lambda/{uuid.uuid4()}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    line = {"message": "API call", "user_id": "user-123", "duration_ms": 12.5, "level": "INFO"}
    event = {"timestamp": int(time.time() * 1000), "message": json.dumps(line)}
    logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=[event])
    found = get_user_metrics("user-123", log_group=group)
    assert (found["api_calls"]["count"], found["api_calls"]["average_ms"]) == (1, 12.5)
    assert cleanup_old_metrics(30, log_groups=[group]) == [group]
    assert cleanup_old_metrics(30, log_groups=[group]) == []
