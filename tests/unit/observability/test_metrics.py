"""What is counted and timed, and how it is written."""

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
    """Give the sets of dimensions of an EMF line."""
    sets: list[list[str]] = line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
    return sets


def units(line: dict[str, Any]) -> dict[str, str]:
    """Give the metrics of an EMF line and their units."""
    return {metric["Name"]: metric["Unit"] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def test_count_and_time_as_in_the_documents(emf: Callable[[], list[dict[str, Any]]]) -> None:
    """A timed block and a count in it come out as one line, in the service's name."""
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


def test_tags_are_dimensions_beside_the_service_alone(emf: Callable[[], list[dict[str, Any]]]) -> None:
    """Each combination of tags has its line, which counts for the service as a whole too."""
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
    """What was written is gone; a flush of nothing writes nothing."""
    metrics = MetricsClient()
    metrics.flush()
    metrics.increment("calls")
    metrics.flush()
    metrics.flush()
    assert len(emf()) == 1


def test_more_than_a_line_holds(emf: Callable[[], list[dict[str, Any]]]) -> None:
    """EMF takes 100 values in a line: none is lost and none is written twice, whatever the threads."""
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
    """Also after one that fails."""
    metrics = MetricsClient()

    @metrics.log_metrics
    def handler(event: dict[str, Any], context: Any) -> str:
        metrics.increment("invocations")
        return str(event["answer"])

    assert handler({"answer": 42}, None) == "42"
    assert len(emf()) == 1
    with pytest.raises(KeyError):
        handler({}, None)
    assert len(emf()) == 1


@pytest.mark.anyio
async def test_the_decorator_takes_coroutine_functions(emf: Callable[[], list[dict[str, Any]]]) -> None:
    """Metrics are written when the coroutine is done, not when it is made."""
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
    """Without Datadog's package the lines are those that its forwarder reads."""
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
def test_what_no_provider_takes_is_refused(
    name: str, value: Any, tags: dict[str, str], emf: Callable[[], list[dict[str, Any]]]
) -> None:
    """It is a ValidationError at the call, and nothing is written."""
    metrics = MetricsClient()
    with pytest.raises(ValidationError):
        metrics.increment(name, value, **tags)
    metrics.flush()
    assert emf() == []


def test_a_unit_that_cloudwatch_does_not_have_is_refused() -> None:
    """Its units are a closed list."""
    with pytest.raises(ValidationError, match="size"):
        MetricsClient().gauge("size", 1, "Parsecs")


def test_a_circuit_s_changes_of_state_are_metrics(emf: Callable[[], list[dict[str, Any]]]) -> None:
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


def test_a_state_that_circuits_do_not_have_is_refused() -> None:
    """A metric of it would mislead."""
    with pytest.raises(ValidationError, match="ajar"):
        MetricsClient().circuit_transition("example", "ajar")
