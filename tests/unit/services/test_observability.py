"""Observability of the clients: state changes of circuits in the log and in metrics, and metrics of requests."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from aws_lambda_powertools.utilities.circuit_breaker.base import CircuitBreakerHandler

from ai_voice_shared import (
    CustomerLookupClient,
    CustomerLookupSettings,
    ServiceClient,
    SyncServiceClient,
    create_service,
)
from ai_voice_shared.errors import CircuitOpenError, NotFoundError, ServiceError, ServiceUnavailableError
from ai_voice_shared.http import close_connections
from ai_voice_shared.observability import MetricsClient, set_metrics
from ai_voice_shared.resilience import CircuitBreaker, record_transition
from ai_voice_shared.services.service_client import ServiceLimits
from ai_voice_shared.settings.metrics import MetricsSettings
from tests.support.asgi_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit


@pytest.fixture
def metrics() -> Iterator[MetricsClient]:
    """Set a new metrics client for the process."""
    client = MetricsClient("circuit-test", settings=MetricsSettings(namespace="Circuits"))
    before = set_metrics(client)
    yield client
    set_metrics(before)


def emf_lines(written: str) -> list[dict[str, Any]]:
    """Parse the metrics that were printed."""
    return [json.loads(line) for line in written.splitlines() if line.startswith('{"_aws"')]


def test_an_opening_circuit_is_a_metric_and_a_log_line(
    metrics: MetricsClient, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The default circuit of a client logs that it opened and records it as a metric, without configuration."""
    service = f"down-{uuid.uuid4()}"
    client = SyncServiceClient(service, "http://127.0.0.1:9", limits=ServiceLimits(max_attempts=1))
    for _ in range(5):
        with pytest.raises(ServiceUnavailableError):
            client.get("/")
    with pytest.raises(CircuitOpenError):
        client.get("/")

    lines = emf_lines(capsys.readouterr().out)
    (opened,) = [line for line in lines if "circuit_breaker.open" in line]
    (counted,) = [line for line in lines if "circuit_breaker.transitions" in line]
    assert opened["circuit_breaker.open"] == [1.0]
    assert opened["circuit"] == service
    assert counted["circuit_breaker.transitions"] == [1.0]
    assert counted["state"] == "open"
    (record,) = [record for record in caplog.records if record.message == "circuit breaker state changed"]
    assert vars(record)["circuit"] == service
    assert (vars(record)["from_state"], vars(record)["to_state"]) == ("closed", "open")


def test_a_closing_circuit_is_recorded(
    metrics: MetricsClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A probe that succeeds closes the circuit and resets the gauge."""
    breaker = CircuitBreaker(f"back-{uuid.uuid4()}", failure_threshold=1, on_transition=record_transition)
    with pytest.raises(ZeroDivisionError):
        breaker.call(lambda: 1 / 0)
    monkeypatch.setattr(CircuitBreakerHandler, "_now", staticmethod(lambda: int(time.time()) + 60))
    assert breaker.call(lambda: 42) == 42
    levels = [line["circuit_breaker.open"] for line in emf_lines(capsys.readouterr().out) if "state" not in line]
    assert levels == [[1.0], [0.5], [0.0]]


def test_the_lookup_s_own_circuit_is_recorded() -> None:
    """The default circuit of the lookup client records its changes too."""
    client = CustomerLookupClient(CustomerLookupSettings(url="http://127.0.0.1:9"))
    assert client.circuit_breaker._on_transition is record_transition


def test_unwritable_metrics_do_not_change_the_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An invalid metrics setting does not replace the error of the call."""
    monkeypatch.setenv("METRICS_PROVIDER", "abacus")
    before = set_metrics(None)
    breaker = CircuitBreaker(f"unwritten-{uuid.uuid4()}", failure_threshold=1, on_transition=record_transition)
    try:
        with pytest.raises(ZeroDivisionError):
            breaker.call(lambda: 1 / 0)
        with pytest.raises(CircuitOpenError):
            breaker.call(lambda: 42)
    finally:
        set_metrics(before)
    assert emf_lines(capsys.readouterr().out) == []


@pytest.mark.anyio
async def test_requests_are_recorded_if_metrics_are_passed(capsys: pytest.CaptureFixture[str]) -> None:
    """Both clients record requests, their durations, and failures of the service."""
    service = create_service(target := f"measured-{uuid.uuid4().hex}")

    @service.app.get("/notes/<note_id>")
    def note(note_id: str) -> dict[str, str]:
        if note_id == "404":
            kind = "Note"
            raise NotFoundError(kind, note_id)
        if note_id == "500":
            raise RuntimeError
        return {"id": note_id}

    metrics = MetricsClient("caller", settings=MetricsSettings(namespace="Circuits"))
    with serving(service.asgi) as url:
        client = SyncServiceClient(target, url, limits=ServiceLimits(max_attempts=1), metrics=metrics)
        client.get("/notes/1")
        with pytest.raises(NotFoundError):
            client.get("/notes/404")
        with pytest.raises(ServiceError):
            client.get("/notes/500")
        async with ServiceClient(target, url, metrics=metrics) as aclient:
            await aclient.get("/notes/1")
        close_connections()
    capsys.readouterr()
    metrics.flush()
    (line,) = emf_lines(capsys.readouterr().out)
    assert (line["service"], line["target"]) == ("caller", target)
    assert (line["service.count"], line["service.errors"]) == ([1.0] * 4, [1.0])
    assert len(line["service.duration"]) == 4
