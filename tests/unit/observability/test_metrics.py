"""Metrics: what is recorded, and in which format it is written."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared.errors import ValidationError
from ai_voice_shared.observability import MetricsClient, circuit_transition_hook, get_metrics
from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker
from ai_voice_shared.settings import MetricsSettings

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.unit, pytest.mark.usefixtures("_fresh_metrics")]


def dimensions(line: dict[str, Any]) -> list[list[str]]:
    """Return the sets of dimensions of an EMF line."""
    sets: list[list[str]] = line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
    return sets


def units(line: dict[str, Any]) -> dict[str, str]:
    """Return the metrics of an EMF line with their units."""
    return {metric["Name"]: metric["Unit"] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def test_a_count_and_a_timing(emf: Callable[[], list[dict[str, Any]]]) -> None:
    """A timed block and a counter are written as one line with the service's name."""
    metrics = MetricsClient()
    with metrics.record_timing("operation.duration"):
        metrics.increment("operation.count")
        metrics.increment("operation.count", 2)
    assert emf() == []
    metrics.flush()
    (line,) = emf()
    assert line["operation.count"] == [1.0, 2.0]
    assert line["operation.duration"][0] >= 0
    assert (line["service"], dimensions(line)) == ("voice-parser", [["service"]])
    assert units(line) == {"operation.count": "Count", "operation.duration": "Milliseconds"}
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "AIVoiceTool"


def test_tags_are_an_additional_set_of_dimensions(emf: Callable[[], list[dict[str, Any]]]) -> None:
    """Each combination of tags has its own line, which also has the service as its only dimension."""
    metrics = MetricsClient("my-service", settings=MetricsSettings(namespace="Voice"))
    metrics.increment("calls", route="/users", method="GET")
    metrics.increment("calls", method="GET", route="/users")
    metrics.increment("calls", route="/agents", method="GET")
    metrics.flush()
    users, agents = emf()
    assert (users["calls"], users["route"]) == ([1.0, 1.0], "/users")
    assert (agents["calls"], agents["route"]) == ([1.0], "/agents")
    for line in (users, agents):
        assert dimensions(line) == [["service"], ["service", "route", "method"]]
        assert line["service"] == "my-service"


def test_a_flush_writes_once(emf: Callable[[], list[dict[str, Any]]]) -> None:
    """Values are written once, and a flush without values writes nothing."""
    metrics = MetricsClient()
    metrics.flush()
    metrics.increment("calls")
    metrics.flush()
    metrics.flush()
    assert len(emf()) == 1


def test_more_than_a_line_holds(emf: Callable[[], list[dict[str, Any]]]) -> None:
    """EMF allows 100 values per line: with concurrent threads none is lost or written twice."""
    metrics = MetricsClient()

    def count() -> None:
        for _ in range(75):
            metrics.increment("calls")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    metrics.flush()
    assert sum(len(line["calls"]) for line in emf()) == 300


def test_the_decorator_flushes_after_each_invocation(emf: Callable[[], list[dict[str, Any]]]) -> None:
    """Metrics are written after an invocation that returns and after one that raises."""
    metrics = MetricsClient()

    @metrics.log_metrics
    def handler(event: dict[str, Any], context: Any) -> str:
        metrics.increment("invocations")
        return str(event["number"])

    assert handler({"number": 42}, None) == "42"
    assert len(emf()) == 1
    with pytest.raises(KeyError):
        handler({}, None)
    assert len(emf()) == 1


@pytest.mark.anyio
async def test_the_decorator_accepts_coroutine_functions(emf: Callable[[], list[dict[str, Any]]]) -> None:
    """Metrics are written when the coroutine ends, not when it is created."""
    metrics = MetricsClient()

    @metrics.log_metrics
    async def handler() -> int:
        metrics.increment("invocations")
        return 42

    coroutine = handler()
    assert emf() == []
    assert await coroutine == 42
    assert len(emf()) == 1


def test_datadog_by_setting(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without Datadog's package the lines have the format of its forwarder."""
    monkeypatch.setenv("METRICS_PROVIDER", "datadog")
    monkeypatch.setenv("METRICS_NAMESPACE", "voice")
    metrics = MetricsClient()
    metrics.increment("calls", route="users")
    metrics.timing("took", 1.5)
    metrics.flush()
    calls, took = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (calls["m"], calls["v"], sorted(calls["t"])) == ("voice.calls", 1, ["route:users", "service:voice-parser"])
    assert (took["m"], took["v"], took["t"]) == ("voice.took", 1.5, ["service:voice-parser"])


@pytest.mark.parametrize(
    ("name", "value", "tags"),
    [
        ("", 1, {}),
        ("with space", 1, {}),
        ("ümlaut", 1, {}),
        ("x" * 300, 1, {}),
        ("calls", "one", {}),
        ("calls", 1, {"route": " "}),
        ("calls", 1, {"service": "other"}),
        ("calls", 1, {f"t{n}": "x" for n in range(40)}),
    ],
)
def test_an_invalid_metric_is_rejected(
    name: str, value: Any, tags: dict[str, str], emf: Callable[[], list[dict[str, Any]]]
) -> None:
    """An invalid name, value or tag is a ValidationError at the call, and nothing is written."""
    metrics = MetricsClient()
    with pytest.raises(ValidationError):
        metrics.increment(name, value, **tags)
    metrics.flush()
    assert emf() == []


def test_an_unknown_unit_is_rejected() -> None:
    """A unit that CloudWatch does not have is a ValidationError."""
    with pytest.raises(ValidationError, match="size"):
        MetricsClient().gauge("size", 1, "Parsecs")


def test_state_changes_of_a_circuit_are_metrics(emf: Callable[[], list[dict[str, Any]]]) -> None:
    """The breaker's hook records that it opened, under the circuit's name."""
    breaker = CircuitBreaker(
        "metrics-example", failure_threshold=1, on_transition=circuit_transition_hook(get_metrics())
    )
    with pytest.raises(ZeroDivisionError):
        breaker.call(lambda: 1 / 0)
    get_metrics().flush()
    values: dict[str, Any] = {}
    for line in emf():
        values |= line
    assert values["circuit"] == "metrics-example"
    assert (values["circuit_breaker.open"], values["circuit_breaker.transitions"]) == ([1.0], [1.0])
    assert values["state"] == "open"


def test_an_unknown_circuit_state_is_rejected() -> None:
    """A state that circuit breakers do not have is a ValidationError."""
    with pytest.raises(ValidationError, match="ajar"):
        MetricsClient().circuit_transition("example", "ajar")
