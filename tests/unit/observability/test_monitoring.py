"""The monitoring decorators: what they write, and that they do not change the decorated function."""

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


class RecordingBackend:
    """A metrics backend that records the values."""

    def __init__(self) -> None:
        self.values: list[tuple[str, dict[str, str]]] = []

    def add(self, name: str, value: float, unit: str, tags: dict[str, str]) -> None:
        """Record the name and the tags."""
        self.values.append((name, tags))

    def flush(self) -> None:
        """Do nothing."""


class Recorder:
    """A logger and metrics whose output is recorded."""

    def __init__(self, name: str) -> None:
        self.out = io.StringIO()
        self.metrics = RecordingBackend()
        backend: MetricsBackend = self.metrics
        self.options: dict[str, Any] = {
            "logger": ServiceLogger(name, stream=self.out),
            "metrics": MetricsClient(backend=backend),
        }

    def line(self) -> dict[str, Any]:
        """Return the only line that was logged."""
        (line,) = self.out.getvalue().splitlines()
        parsed: dict[str, Any] = json.loads(line)
        return parsed


@pytest.fixture
def recorder(request: pytest.FixtureRequest) -> Recorder:
    """Return a recorder with a new logger."""
    return Recorder(request.node.name)


def test_a_task_that_succeeds(recorder: Recorder) -> None:
    """A successful task returns its result, and a line, a count and a duration are written."""

    @monitor_task_execution("data_processing", user_id="user-123", **recorder.options)
    def process_data(number: int, *, plus: int) -> int:
        """Process."""
        return number + plus

    assert process_data(40, plus=2) == 42
    assert (process_data.__name__, process_data.__doc__) == ("process_data", "Process.")
    line = recorder.line()
    assert (line["task"], line["status"], line["user_id"]) == ("data_processing", "success", "user-123")
    tags = {"task": "data_processing"}
    assert recorder.metrics.values == [("task.count", tags), ("task.duration", tags)]


@pytest.mark.anyio
async def test_an_async_task_that_fails(recorder: Recorder) -> None:
    """A failed task raises the same error, and the line has its type but not its text."""
    error = ValueError("+15551234567")

    @monitor_task_execution("data_processing", **recorder.options)
    async def process_data() -> None:
        raise error

    with pytest.raises(ValueError, match="1555") as caught:
        await process_data()
    assert caught.value is error
    line = recorder.line()
    assert (line["status"], line["error"], line["level"]) == ("failed", "ValueError", "ERROR")
    assert "1555" not in recorder.out.getvalue()
    assert [name for name, _ in recorder.metrics.values] == ["task.count", "task.errors", "task.duration"]


class Response:
    """A response object as in HTTP libraries."""

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
    """The status is that of the function's result."""
    recorder = Recorder(request.node.name)

    @monitor_api_call("/users", "GET", user_id="user-123", **recorder.options)
    def get_users() -> Any:
        return result

    assert get_users() is result
    line = recorder.line()
    assert (line["endpoint"], line["method"], line["status_code"]) == ("/users", "GET", status)
    assert line["user_id"] == "user-123"
    assert [name for name, _ in recorder.metrics.values] == metrics
    assert all(tags == {"endpoint": "/users", "method": "GET"} for _, tags in recorder.metrics.values)


@pytest.mark.anyio
@pytest.mark.parametrize(("error", "status"), [(NotFoundError("User", "7"), 404), (RuntimeError("boom"), 500)])
async def test_an_api_call_by_its_error(error: Exception, status: int, request: Any) -> None:
    """The status is that of the package's error, and 500 for any other."""
    recorder = Recorder(request.node.name)

    @monitor_api_call("/users/{id}", "GET", **recorder.options)
    async def get_user() -> None:
        raise error

    with pytest.raises(type(error)):
        await get_user()
    line = recorder.line()
    assert (line["status_code"], line["error"]) == (status, type(error).__name__)
    assert "boom" not in recorder.out.getvalue()


def test_the_defaults_are_those_of_the_process(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a logger and metrics the decorators use those of the process."""
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
