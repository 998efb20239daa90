"""Performance read from CloudWatch: metrics that were written as EMF lines, and one user's log lines."""

from __future__ import annotations

import io
import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from ai_voice_shared.errors import ConfigurationError, ServiceUnavailableError, ValidationError
from ai_voice_shared.observability import (
    cleanup_old_metrics,
    get_metrics,
    get_performance_metrics,
    get_system_metrics,
    get_user_metrics,
    monitor_api_call,
    monitor_task_execution,
)
from ai_voice_shared.observability.service_logger import ServiceLogger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.unit, pytest.mark.usefixtures("_fresh_metrics", "_aws")]

GROUP = "/aws/lambda/voice-parser"


@pytest.fixture
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for variable in ("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_LOG_GROUP_NAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield


def put_emf_metrics(lines: list[dict[str, Any]]) -> None:
    """Create the metrics of EMF lines, as CloudWatch does, under each set of dimensions."""
    client = boto3.client("cloudwatch")
    for line in lines:
        directive = line["_aws"]["CloudWatchMetrics"][0]
        moment = datetime.fromtimestamp(line["_aws"]["Timestamp"] / 1000, UTC)
        for names in directive["Dimensions"]:
            dimensions: list[Any] = [{"Name": name, "Value": line[name]} for name in names]
            for metric in directive["Metrics"]:
                for value in line[metric["Name"]]:
                    client.put_metric_data(
                        Namespace=directive["Namespace"],
                        MetricData=[
                            {
                                "MetricName": metric["Name"],
                                "Dimensions": dimensions,
                                "Timestamp": moment,
                                "Value": value,
                                "Unit": metric["Unit"],
                            }
                        ],
                    )


def run_tasks_and_calls(logger: ServiceLogger, user_id: str = "user-123") -> None:
    """Run three tasks of which one fails, and two API calls of which one fails."""

    @monitor_task_execution("parse", user_id=user_id, logger=logger)
    def parse() -> None:
        return

    @monitor_task_execution("store", user_id=user_id, logger=logger)
    def store() -> None:
        raise ServiceUnavailableError

    @monitor_api_call("/users", "GET", user_id=user_id, logger=logger)
    def get_users(status: int) -> dict[str, int]:
        return {"statusCode": status}

    parse()
    parse()
    with pytest.raises(ServiceUnavailableError):
        store()
    get_users(200)
    get_users(404)


def test_what_was_monitored_is_read_back(emf: Callable[[], list[dict[str, Any]]]) -> None:
    """The result has counts, errors and durations of all tasks and calls of the service, whatever their tags."""
    run_tasks_and_calls(ServiceLogger("performance", stream=io.StringIO()))
    get_metrics().flush()
    lines = emf()
    put_emf_metrics(lines)
    metrics = get_performance_metrics(time_range_hours=24)
    assert (metrics["service"], metrics["time_range_hours"]) == ("voice-parser", 24)
    tasks, calls = metrics["tasks"], metrics["api_calls"]
    assert (tasks["count"], tasks["errors"], tasks["error_rate"]) == (3, 1, 0.3333)
    assert (calls["count"], calls["client_errors"], calls["errors"], calls["error_rate"]) == (2, 1, 0, 0.0)
    durations = [value for line in lines for value in line.get("task.duration", [])]
    assert tasks["average_ms"] == pytest.approx(sum(durations) / 3)
    assert tasks["max_ms"] == pytest.approx(max(durations))


def test_averages_are_weighted_by_their_sample_counts() -> None:
    """The average over periods with unequal numbers of tasks is that of the tasks, not of the periods."""
    client = boto3.client("cloudwatch")
    now = datetime.now(UTC)
    for moment, values in ((now - timedelta(minutes=5), [10.0, 10.0, 10.0]), (now - timedelta(minutes=9), [50.0])):
        client.put_metric_data(
            Namespace="AIVoiceTool",
            MetricData=[
                {
                    "MetricName": "task.duration",
                    "Dimensions": [{"Name": "service", "Value": "voice-parser"}],
                    "Timestamp": moment,
                    "Value": value,
                }
                for value in values
            ],
        )
    assert get_performance_metrics(1)["tasks"]["average_ms"] == pytest.approx(20)
    assert get_performance_metrics(0.1)["tasks"]["average_ms"] == pytest.approx(10)


def test_an_idle_service_has_no_durations() -> None:
    """An idle service has counts of zero, and None in place of durations."""
    metrics = get_performance_metrics(24, service="idle")
    assert metrics["tasks"] == {"count": 0, "errors": 0, "average_ms": None, "max_ms": None, "error_rate": 0.0}


@pytest.mark.parametrize("hours", [0, -1, 24 * 500])
def test_a_time_range_beyond_the_retention_is_rejected(hours: int) -> None:
    """A time range that CloudWatch does not retain is an error: an empty result would look like an idle service."""
    with pytest.raises(ValidationError, match="time range"):
        get_performance_metrics(hours)


def test_a_missing_name_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a service, a function or a log group the error names the variable that sets it."""
    monkeypatch.delenv("POWERTOOLS_SERVICE_NAME")
    with pytest.raises(ConfigurationError, match="POWERTOOLS_SERVICE_NAME"):
        get_performance_metrics()
    with pytest.raises(ConfigurationError, match="AWS_LAMBDA_FUNCTION_NAME"):
        get_system_metrics()
    with pytest.raises(ConfigurationError, match="AWS_LAMBDA_LOG_GROUP_NAME"):
        get_user_metrics("user-123")


def test_lambda_s_own_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """The result has the invocations, errors and durations of this function."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "parser")
    client = boto3.client("cloudwatch")
    for name, values in {"Invocations": [1.0, 1.0], "Errors": [1.0], "Duration": [20.0, 40.0]}.items():
        for value in values:
            client.put_metric_data(
                Namespace="AWS/Lambda",
                MetricData=[
                    {
                        "MetricName": name,
                        "Dimensions": [{"Name": "FunctionName", "Value": "parser"}],
                        "Timestamp": datetime.now(UTC),
                        "Value": value,
                    }
                ],
            )
    metrics = get_system_metrics(1)
    assert (metrics["invocations"], metrics["errors"], metrics["throttles"]) == (2, 1, 0)
    assert (metrics["average_ms"], metrics["max_ms"]) == (30.0, 40.0)


def test_one_user_s_tasks_and_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's tasks and calls are counted from the log lines; other users' lines and mentions of the id are not."""
    monkeypatch.setenv("AWS_LAMBDA_LOG_GROUP_NAME", GROUP)
    out = io.StringIO()
    logger = ServiceLogger("user-metrics", stream=out)
    run_tasks_and_calls(logger, "user-123")
    run_tasks_and_calls(logger, "user-1234")
    logger.info("who is user-123?", subject="user-123")
    client = boto3.client("logs")
    client.create_log_group(logGroupName=GROUP)
    client.create_log_stream(logGroupName=GROUP, logStreamName="one")
    timestamp = int(time.time() * 1000) - 60_000
    messages = [*out.getvalue().splitlines(), "START user-123", json.dumps("user-123")]
    client.put_log_events(
        logGroupName=GROUP,
        logStreamName="one",
        logEvents=[{"timestamp": timestamp + n, "message": message} for n, message in enumerate(messages)],
    )
    metrics = get_user_metrics("user-123", 1)
    assert (metrics["tasks"]["count"], metrics["tasks"]["errors"]) == (3, 1)
    assert (metrics["api_calls"]["count"], metrics["api_calls"]["errors"]) == (2, 0)
    assert metrics["tasks"]["max_ms"] >= metrics["tasks"]["average_ms"]
    assert get_user_metrics("user-9", 1)["tasks"] == {"count": 0, "errors": 0, "average_ms": None, "max_ms": None}


def test_old_lines_expire_by_retention() -> None:
    """A longer or unlimited retention is reduced; a shorter one is not changed."""
    client = boto3.client("logs")
    for name, days in ((GROUP, None), (f"{GROUP}-long", 90), (f"{GROUP}-short", 7)):
        client.create_log_group(logGroupName=name)
        if days is not None:
            client.put_retention_policy(logGroupName=name, retentionInDays=days)
    names = [GROUP, f"{GROUP}-long", f"{GROUP}-short", "/no/such/group"]
    assert cleanup_old_metrics(30, log_groups=names) == [GROUP, f"{GROUP}-long"]
    retention = {group["logGroupName"]: group["retentionInDays"] for group in client.describe_log_groups()["logGroups"]}
    assert retention == {GROUP: 30, f"{GROUP}-long": 30, f"{GROUP}-short": 7}
    assert cleanup_old_metrics(30, log_groups=names) == []


def test_an_unknown_retention_is_rejected() -> None:
    """The error of an unknown retention lists the valid ones."""
    with pytest.raises(ValidationError, match="31 days; use one of 1, 3, 5"):
        cleanup_old_metrics(31, log_groups=[GROUP])
