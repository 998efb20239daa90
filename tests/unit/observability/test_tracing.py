"""The tracing interface and its implementations."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ai_voice_shared.observability.tracing import (
    NOOP_SPAN,
    NoopTracer,
    OpenTelemetryTracer,
    Tracer,
    XRayTracer,
    get_tracer,
    set_tracer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

SAMPLED = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


class Capture:
    """Records what the X-Ray SDK would send to its daemon."""

    def __init__(self) -> None:
        self.entities: list[Any] = []

    def send_entity(self, entity: Any) -> None:
        """Record a finished entity."""
        self.entities.append(entity)

    def set_daemon_address(self, address: str) -> None:
        """Do nothing: the recorder calls this on its emitter."""


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Capture]]:
    """Return an X-Ray recorder as in a Lambda function whose request is sampled, and what it sent."""
    from aws_xray_sdk.core.lambda_launcher import LambdaContext
    from aws_xray_sdk.core.recorder import AWSXRayRecorder

    monkeypatch.setenv("_X_AMZN_TRACE_ID", SAMPLED)
    monkeypatch.delenv("POWERTOOLS_TRACE_DISABLED", raising=False)
    capture = Capture()
    recorder = AWSXRayRecorder()
    recorder.emitter._socket.close()  # the SDK opens one and leaves it to the garbage collector
    recorder.configure(context=LambdaContext(), emitter=capture, sampling=False, context_missing="RUNTIME_ERROR")
    recorder.streaming_threshold = 0  # as the SDK sets it in Lambda
    yield recorder, capture
    recorder.clear_trace_entities()


def test_a_span_is_a_subsegment_with_annotations(recorder: tuple[Any, Capture]) -> None:
    """A span of a sampled request is a subsegment with its name and annotations."""
    provider, capture = recorder
    with XRayTracer(provider).span("## s3.put_object", bucket="notes") as span:
        span.annotate("bytes", 12)
    (subsegment,) = capture.entities
    assert subsegment.name == "## s3.put_object"
    assert subsegment.annotations == {"bucket": "notes", "bytes": 12}
    assert not subsegment.in_progress


def test_an_error_marks_the_span_without_its_text(recorder: tuple[Any, Capture]) -> None:
    """The trace contains the type of the error, but not its text, which may contain personal data."""
    provider, capture = recorder
    with pytest.raises(ValueError, match="secret"), XRayTracer(provider).span("work"):
        raise ValueError("a secret +61400000000")
    (subsegment,) = capture.entities
    assert subsegment.fault
    assert subsegment.annotations["error"] == "ValueError"
    assert "+61400000000" not in subsegment.serialize()


@pytest.mark.parametrize(
    ("trace_id", "disabled"),
    [("", ""), (SAMPLED.replace("Sampled=1", "Sampled=0"), ""), (SAMPLED, "true")],
)
def test_an_unsampled_request_loads_no_sdk(trace_id: str, disabled: str) -> None:
    """A span of an unsampled request records nothing and does not import the X-Ray SDK."""
    script = """
import sys
from ai_voice_shared import get_tracer
with get_tracer().span("work", size=1) as span:
    span.annotate("more", 2)
assert "aws_xray_sdk" not in sys.modules
print(type(span).__name__)
"""
    environment = {"_X_AMZN_TRACE_ID": trace_id, "POWERTOOLS_TRACE_DISABLED": disabled}
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment
    )
    assert result.stdout.strip() == "_NoopSpan", result.stderr


def test_the_handler_s_powertools_tracer_keeps_its_configuration(recorder: tuple[Any, Capture]) -> None:
    """A span of the package does not change the configuration that Powertools stores on its Tracer class."""
    from aws_lambda_powertools import Tracer as PowertoolsTracer

    before = dict(PowertoolsTracer._config)
    with XRayTracer(recorder[0]).span("work"):
        pass
    assert PowertoolsTracer._config == before


def test_open_telemetry_spans_have_attributes_and_failures() -> None:
    """OpenTelemetry's SDK records the spans with their attributes and failures, without the text of errors."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = OpenTelemetryTracer(provider.get_tracer("test"))

    def work() -> None:
        with tracer.span("outer", size=1):
            with tracer.span("inner") as inner:
                inner.annotate("found", value=True)
            raise ValueError("secret")

    with pytest.raises(ValueError, match="secret"):
        work()
    inner_span, outer_span = exporter.get_finished_spans()
    assert inner_span.parent is not None
    assert inner_span.parent.span_id == outer_span.context.span_id
    assert dict(inner_span.attributes or {}) == {"found": True}
    assert not outer_span.status.is_ok
    assert "secret" not in outer_span.to_json()


def test_one_tracer_serves_the_process_and_can_be_replaced() -> None:
    """`set_tracer` returns the previous tracer, so that it can be restored."""
    mine = NoopTracer()
    before = set_tracer(mine)
    try:
        assert get_tracer() is mine
        assert mine.span("x") is NOOP_SPAN
    finally:
        set_tracer(before)
    assert get_tracer() is before


@pytest.mark.parametrize("tracer", [NoopTracer(), XRayTracer(), OpenTelemetryTracer(None)])
def test_every_tracer_implements_the_interface(tracer: Tracer) -> None:
    """Each tracer class implements the `Tracer` protocol."""
    assert isinstance(tracer, Tracer)
