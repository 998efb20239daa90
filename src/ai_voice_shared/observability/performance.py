"""How a service has performed, read back from where its metrics and log lines went.

What all of a service did comes from CloudWatch's metrics. What one user did comes from the log lines: a user as a
dimension would be a metric of its own, paid for each. CloudWatch needs no clean-up of metrics: it keeps them for 15
months, ever coarser, and nobody can delete them
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html). What grows is the log
groups that the metrics came by; `cleanup_old_metrics` sets how long those are kept.

These calls are for dashboards and reports, not for every request.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import ConfigurationError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "RETENTION_DAYS",
    "cleanup_old_metrics",
    "get_performance_metrics",
    "get_system_metrics",
    "get_user_metrics",
]

RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""The days that CloudWatch Logs can keep a log group for."""

_MAX_HOURS = 24 * 455
_QUERIES: dict[str, dict[str, tuple[str, str]]] = {
    "tasks": {
        "count": ("task.count", "Sum"),
        "errors": ("task.errors", "Sum"),
        "average_ms": ("task.duration", "Average"),
        "max_ms": ("task.duration", "Maximum"),
    },
    "api_calls": {
        "count": ("api.count", "Sum"),
        "client_errors": ("api.client_errors", "Sum"),
        "errors": ("api.errors", "Sum"),
        "average_ms": ("api.duration", "Average"),
        "max_ms": ("api.duration", "Maximum"),
    },
}


def get_performance_metrics(
    time_range_hours: float = 24, *, service: str | None = None, namespace: str | None = None, client: Any = None
) -> dict[str, Any]:
    """Give what a service's tasks and API calls came to.

    Parameters
    ----------
    time_range_hours
        Hours to look back.
    service
        The service; by default that of the metrics settings (`POWERTOOLS_SERVICE_NAME`).
    namespace
        CloudWatch's namespace; by default that of the metrics settings.
    client
        A boto3 CloudWatch client.

    Returns
    -------
    dict
        `service`, `time_range_hours`, `start` and `end` (ISO 8601), and for `tasks` and `api_calls`: `count`,
        `errors` (`client_errors`), `error_rate`, `average_ms` and `max_ms`; times are None where nothing was done.

    Raises
    ------
    ValidationError
        Not a time range that CloudWatch keeps metrics for.
    ConfigurationError
        Nobody says which service.
    """
    from ai_voice_shared.settings.metrics import MetricsSettings

    settings = MetricsSettings()
    service = service or settings.service
    if not service:
        msg = "whose metrics? pass service=, or set POWERTOOLS_SERVICE_NAME"
        raise ConfigurationError(msg)
    start, end, hours = _range(time_range_hours)
    dimensions = [{"Name": "service", "Value": service}]
    wanted = {
        f"{group}__{key}": (name, statistic)
        for group, queries in _QUERIES.items()
        for key, (name, statistic) in queries.items()
    }
    values = _read(client, namespace or settings.namespace, dimensions, wanted, start, end)
    result: dict[str, Any] = {
        "service": service,
        "time_range_hours": hours,
        "start": start.isoformat(),
        "end": end.isoformat(),
    }
    for group, queries in _QUERIES.items():
        numbers = {key: _number(key, values[f"{group}__{key}"]) for key in queries}
        count = numbers["count"]
        result[group] = {**numbers, "error_rate": round(numbers["errors"] / count, 4) if count else 0.0}
    return result


def get_system_metrics(
    time_range_hours: float = 24, *, function_name: str | None = None, client: Any = None
) -> dict[str, Any]:
    """Give what Lambda itself measured of a function: invocations, errors, throttles, duration, concurrency.

    Parameters
    ----------
    time_range_hours
        Hours to look back.
    function_name
        The function; by default this one (`AWS_LAMBDA_FUNCTION_NAME`).
    client
        A boto3 CloudWatch client.

    Raises
    ------
    ValidationError, ConfigurationError
        As `get_performance_metrics`.
    """
    function_name = function_name or os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    if not function_name:
        msg = "which function? pass function_name=; outside Lambda, AWS_LAMBDA_FUNCTION_NAME is not set"
        raise ConfigurationError(msg)
    start, end, hours = _range(time_range_hours)
    wanted = {
        "invocations": ("Invocations", "Sum"),
        "errors": ("Errors", "Sum"),
        "throttles": ("Throttles", "Sum"),
        "average_ms": ("Duration", "Average"),
        "max_ms": ("Duration", "Maximum"),
        "max_concurrency": ("ConcurrentExecutions", "Maximum"),
    }
    values = _read(client, "AWS/Lambda", [{"Name": "FunctionName", "Value": function_name}], wanted, start, end)
    return {
        "function_name": function_name,
        "time_range_hours": hours,
        "start": start.isoformat(),
        "end": end.isoformat(),
        **{key: _number(key, value) for key, value in values.items()},
    }


def get_user_metrics(
    user_id: str, time_range_hours: float = 24, *, log_group: str | None = None, client: Any = None
) -> dict[str, Any]:
    """Give what was done for one user, counted from the log lines that `monitor_...` and `log_...` wrote.

    Parameters
    ----------
    user_id
        The user's id, as on the lines.
    time_range_hours
        Hours to look back; no further than the log group is kept.
    log_group
        Where the lines are; by default this function's (`AWS_LAMBDA_LOG_GROUP_NAME`).
    client
        A boto3 CloudWatch Logs client.

    Returns
    -------
    dict
        `user_id`, `time_range_hours`, and for `tasks` and `api_calls`: `count`, `errors`, `average_ms`, `max_ms`.

    Raises
    ------
    ValidationError, ConfigurationError
        As `get_performance_metrics`.
    """
    group = _log_group(log_group)
    start, end, hours = _range(time_range_hours)
    durations: dict[str, list[float]] = {"Task execution": [], "API call": []}
    errors = dict.fromkeys(durations, 0)
    for line in _lines_of(user_id, group, start, end, client):
        message, duration = line.get("message"), line.get("duration_ms")
        if message in durations and isinstance(duration, int | float):
            durations[message].append(duration)
            errors[message] += line.get("level") == "ERROR"
    result: dict[str, Any] = {"user_id": user_id, "time_range_hours": hours}
    for name, message in (("tasks", "Task execution"), ("api_calls", "API call")):
        taken = durations[message]
        result[name] = {
            "count": len(taken),
            "errors": errors[message],
            "average_ms": sum(taken) / len(taken) if taken else None,
            "max_ms": max(taken) if taken else None,
        }
    return result


def cleanup_old_metrics(days: int = 30, *, log_groups: Iterable[str] | None = None, client: Any = None) -> list[str]:
    """Let CloudWatch delete the log lines that metrics came by, once they are older than this.

    Metrics themselves cannot be deleted and need not be: they expire after 15 months.

    Parameters
    ----------
    days
        Days to keep, one of `RETENTION_DAYS`.
    log_groups
        Which; by default this function's (`AWS_LAMBDA_LOG_GROUP_NAME`).
    client
        A boto3 CloudWatch Logs client.

    Returns
    -------
    list
        The log groups whose retention was changed; one that keeps no longer already is left alone.

    Raises
    ------
    ValidationError
        A number of days that CloudWatch Logs does not have.
    """
    if days not in RETENTION_DAYS:
        msg = f"CloudWatch Logs cannot keep lines for {days} days, but for {', '.join(map(str, RETENTION_DAYS))}"
        raise ValidationError(msg)
    logs = client or _client("logs")
    changed = []
    for name in [_log_group(None)] if log_groups is None else log_groups:
        pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        for group in (group for page in pages for group in page["logGroups"] if group["logGroupName"] == name):
            if group.get("retentionInDays", days + 1) > days:
                logs.put_retention_policy(logGroupName=name, retentionInDays=days)
                changed.append(name)
    return changed


def _range(hours: float) -> tuple[datetime, datetime, float]:
    if not 0 < hours <= _MAX_HOURS:
        msg = f"a time range is more than 0 and at most {_MAX_HOURS} hours, which CloudWatch keeps metrics for"
        raise ValidationError(msg)
    end = datetime.now(UTC)
    return end - timedelta(hours=hours), end, hours


def _read(
    client: Any,
    namespace: str,
    dimensions: list[dict[str, str]],
    wanted: dict[str, tuple[str, str]],
    start: datetime,
    end: datetime,
) -> dict[str, Any]:
    cloudwatch = client or _client("cloudwatch")
    period = _period(start, end)
    queries: list[dict[str, Any]] = []
    for key, (name, statistic) in wanted.items():
        metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
        queries.append({"Id": key, "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}})
        if statistic == "Average":  # averages of periods are put together by their weights
            queries.append(
                {"Id": f"{key}__n", "MetricStat": {"Metric": metric, "Period": period, "Stat": "SampleCount"}}
            )
    found: dict[str, dict[datetime, float]] = {query["Id"]: {} for query in queries}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, StartTime=start, EndTime=end + timedelta(minutes=1)
    )
    for page in pages:
        for series in page["MetricDataResults"]:
            found[series["Id"]].update(zip(series["Timestamps"], series["Values"], strict=True))
    return {key: _together(statistic, found[key], found.get(f"{key}__n", {})) for key, (_, statistic) in wanted.items()}


def _together(statistic: str, values: dict[datetime, float], counts: dict[datetime, float]) -> float | None:
    if not values:
        return None
    if statistic == "Sum":
        return sum(values.values())
    if statistic == "Maximum":
        return max(values.values())
    total = sum(counts.get(moment, 0) for moment in values)
    return sum(value * counts.get(moment, 0) for moment, value in values.items()) / total if total else None


def _number(key: str, value: float | None) -> Any:
    return value if key.endswith("_ms") else int(value or 0)


def _period(start: datetime, end: datetime) -> int:
    # CloudWatch keeps minutes for 15 days, 5 minutes for 63 days, hours for 15 months.
    days = (end - start) / timedelta(days=1)
    if days <= 1:
        return 60
    return 300 if days <= 15 else 3600  # noqa: PLR2004 - as the comment says


def _lines_of(user_id: str, group: str, start: datetime, end: datetime, client: Any) -> Iterator[dict[str, Any]]:
    logs = client or _client("logs")
    quoted = user_id.replace("\\", "\\\\").replace('"', '\\"')
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        startTime=int(start.timestamp() * 1000),
        endTime=int(end.timestamp() * 1000) + 1,
        # A term, which finds the line wherever the id stands; which key it stands at is looked at below.
        filterPattern=f'"{quoted}"',
    )
    for page in pages:
        for event in page["events"]:
            try:
                line = json.loads(event["message"])
            except ValueError:
                continue
            if isinstance(line, dict) and line.get("user_id") == user_id:
                yield line


def _log_group(name: str | None) -> str:
    name = name or os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
    if not name:
        msg = "which log group? pass log_group=; outside Lambda, AWS_LAMBDA_LOG_GROUP_NAME is not set"
        raise ConfigurationError(msg)
    return name


def _client(service_name: str) -> Any:
    from ai_voice_shared.aws import aws_client

    return aws_client(service_name, retries={"mode": "standard"})
