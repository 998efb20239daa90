"""What the monitoring decorators write, and that they change nothing of what they decorate."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared.errors import NotFoundError
from ai_voice_shared.observability import MetricsClient, monitor_api_call, monitor_task_execution
from ai_voice_shared.observability.service_logger import ServiceLogger

if TYPE_CHECKING:
    from ai_voice_shared.observability.metrics import MetricsBackend

pytestmark = [pytest.mark.unit, pytest.mark.usefixtures("_fresh_metrics")]


class Taken:
    """A metrics backend that keeps what it is given."""

    def __init__(self) -> None:
        self.values: list[tuple[str, dict[str, str]]] = []

    def add(self, name: str, value: float, unit: str, tags: dict[str, str]) -> None:
        """Keep the name and the tags."""
        self.values.append((name, tags))

    def flush(self) -> None:
        """Keep all."""


class Watch:
    """A logger and metrics that can be looked at."""

    def __init__(self, name: str) -> None:
        self.out = io.StringIO()
        self.taken = Taken()
        backend: MetricsBackend = self.taken
        self.options: dict[str, Any] = {
            "logger": ServiceLogger(name, stream=self.out),
            "metrics": MetricsClient(backend=backend),
        }

    def line(self) -> dict[str, Any]:
        """Give the one line that was logged."""
        (line,) = self.out.getvalue().splitlines()
        parsed: dict[str, Any] = json.loads(line)
        return parsed


@pytest.fixture
def watch(request: pytest.FixtureRequest) -> Watch:
    """Give a logger of the test's own."""
    return Watch(request.node.name)


def test_a_task_that_succeeds(watch: Watch) -> None:
    """Its result comes back; a line, a count and a time are written."""

    @monitor_task_execution("data_processing", user_id="user-123", **watch.options)
    def process_data(number: int, *, plus: int) -> int:
        """Process."""
        return number + plus

    assert process_data(40, plus=2) == 42
    assert (process_data.__name__, process_data.__doc__) == ("process_data", "Process.")
    line = watch.line()
    assert (line["task"], line["status"], line["user_id"]) == ("data_processing", "success", "user-123")
    tags = {"task": "data_processing"}
    assert watch.taken.values == [("task.count", tags), ("task.duration", tags)]


@pytest.mark.anyio
async def test_an_async_task_that_fails(watch: Watch) -> None:
    """The very error passes; the line names its type and never its text."""
    error = ValueError("+15551234567")

    @monitor_task_execution("data_processing", **watch.options)
    async def process_data() -> None:
        raise error

    with pytest.raises(ValueError, match="1555") as caught:
        await process_data()
    assert caught.value is error
    line = watch.line()
    assert (line["status"], line["error"], line["level"]) == ("failed", "ValueError", "ERROR")
    assert "1555" not in watch.out.getvalue()
    assert [name for name, _ in watch.taken.values] == ["task.count", "task.errors", "task.duration"]


class Response:
    """A response as HTTP libraries have it."""

    status_code = 404


@pytest.mark.parametrize(
    ("result", "status", "metrics"),
    [
        ([1, 2], 200, ["api.count", "api.duration"]),
        ({"statusCode": 201}, 201, ["api.count", "api.duration"]),
        ({"status_code": "odd"}, 200, ["api.count", "api.duration"]),
        (Response(), 404, ["api.count", "api.client_errors", "api.duration"]),
        ({"statusCode": 503}, 503, ["api.count", "api.errors", "api.duration"]),
    ],
    ids=["list", "statusCode", "odd", "response", "unavailable"],
)
def test_an_api_call_by_its_result(result: Any, status: int, metrics: list[str], request: Any) -> None:
    """The status is read off what the function gives."""
    watch = Watch(request.node.name)

    @monitor_api_call("/users", "GET", user_id="user-123", **watch.options)
    def get_users() -> Any:
        return result

    assert get_users() is result
    line = watch.line()
    assert (line["endpoint"], line["method"], line["status_code"]) == ("/users", "GET", status)
    assert line["user_id"] == "user-123"
    assert [name for name, _ in watch.taken.values] == metrics
    assert all(tags == {"endpoint": "/users", "method": "GET"} for _, tags in watch.taken.values)


@pytest.mark.anyio
@pytest.mark.parametrize(("error", "status"), [(NotFoundError("User", "7"), 404), (RuntimeError("boom"), 500)])
async def test_an_api_call_by_its_error(error: Exception, status: int, request: Any) -> None:
    """Our errors know their status; any other is a 500."""
    watch = Watch(request.node.name)

    @monitor_api_call("/users/{id}", "GET", **watch.options)
    async def get_user() -> None:
        raise error

    with pytest.raises(type(error)):
        await get_user()
    line = watch.line()
    assert (line["status_code"], line["error"]) == (status, type(error).__name__)
    assert "boom" not in watch.out.getvalue()


def test_the_defaults_are_those_of_the_process(capsys: pytest.CaptureFixture[str]) -> None:
    """As the documents write it, with nothing but names: the process's metrics are written to."""
    from ai_voice_shared.observability import get_metrics

    @monitor_task_execution("data_processing", user_id="user-123")
    def process_data() -> str:
        return "done"

    @monitor_api_call("/users", "GET", user_id="user-123")
    def get_users() -> list[str]:
        return []

    assert (process_data(), get_users()) == ("done", [])
    get_metrics().flush()
    printed = capsys.readouterr().out
    assert '"task.count":[1.0]' in printed
    assert '"api.count":[1.0]' in printed
