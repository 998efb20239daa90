"""Performance of a service, read from its metrics and log lines in CloudWatch.

Totals of a service come from CloudWatch's metrics. Those of a user come from the log lines, because every value of a
dimension is a metric that is charged for. Metrics need no clean-up: CloudWatch retains them for 15 months, with
decreasing resolution, and has no operation to delete them
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html). What grows is the
log groups that the metrics were written to; `cleanup_old_metrics` sets their retention.

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
"""The retention periods of CloudWatch Logs, in days."""

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
    """Return counts, error rates and durations of a service's tasks and API calls.

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
        `errors` (`client_errors`), `error_rate`, `average_ms` and `max_ms`; times are None if there were no calls.

    Raises
    ------
    ValidationError
        CloudWatch does not retain metrics for this time range.
    ConfigurationError
        The service is neither passed nor configured.
    """
    from ai_voice_shared.settings.metrics import MetricsSettings

    settings = MetricsSettings()
    service = service or settings.service
    if not service:
        msg = "the service is not set: pass service=, or set POWERTOOLS_SERVICE_NAME"
        raise ConfigurationError(msg)
    start, end, hours = _get_range(time_range_hours)
    dimensions = [{"Name": "service", "Value": service}]
    wanted = {
        f"{group}__{key}": (name, statistic)
        for group, queries in _QUERIES.items()
        for key, (name, statistic) in queries.items()
    }
    values = _read_metrics(client, namespace or settings.namespace, dimensions, wanted, start, end)
    result: dict[str, Any] = {
        "service": service,
        "time_range_hours": hours,
        "start": start.isoformat(),
        "end": end.isoformat(),
    }
    for group, queries in _QUERIES.items():
        numbers = {key: _to_number(key, values[f"{group}__{key}"]) for key in queries}
        count = numbers["count"]
        result[group] = {**numbers, "error_rate": round(numbers["errors"] / count, 4) if count else 0.0}
    return result


def get_system_metrics(
    time_range_hours: float = 24, *, function_name: str | None = None, client: Any = None
) -> dict[str, Any]:
    """Return what Lambda measured of a function: invocations, errors, throttles, duration, concurrency.

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
        msg = "the function is not set: pass function_name=; AWS_LAMBDA_FUNCTION_NAME is set in Lambda only"
        raise ConfigurationError(msg)
    start, end, hours = _get_range(time_range_hours)
    wanted = {
        "invocations": ("Invocations", "Sum"),
        "errors": ("Errors", "Sum"),
        "throttles": ("Throttles", "Sum"),
        "average_ms": ("Duration", "Average"),
        "max_ms": ("Duration", "Maximum"),
        "max_concurrency": ("ConcurrentExecutions", "Maximum"),
    }
    values = _read_metrics(client, "AWS/Lambda", [{"Name": "FunctionName", "Value": function_name}], wanted, start, end)
    return {
        "function_name": function_name,
        "time_range_hours": hours,
        "start": start.isoformat(),
        "end": end.isoformat(),
        **{key: _to_number(key, value) for key, value in values.items()},
    }


def get_user_metrics(
    user_id: str, time_range_hours: float = 24, *, log_group: str | None = None, client: Any = None
) -> dict[str, Any]:
    """Return counts and durations of one user's tasks and API calls, from the lines of `monitor_...` and `log_...`.

    Parameters
    ----------
    user_id
        The user's id, as on the lines.
    time_range_hours
        Hours to look back; limited by the log group's retention.
    log_group
        The log group; by default this function's (`AWS_LAMBDA_LOG_GROUP_NAME`).
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
    group = _get_log_group(log_group)
    start, end, hours = _get_range(time_range_hours)
    durations: dict[str, list[float]] = {"Task execution": [], "API call": []}
    errors = dict.fromkeys(durations, 0)
    for line in _read_lines(user_id, group, start, end, client):
        message, duration = line.get("message"), line.get("duration_ms")
        if message in durations and isinstance(duration, int | float):
            durations[message].append(duration)
            errors[message] += line.get("level") == "ERROR"
    result: dict[str, Any] = {"user_id": user_id, "time_range_hours": hours}
    for name, message in (("tasks", "Task execution"), ("api_calls", "API call")):
        values = durations[message]
        result[name] = {
            "count": len(values),
            "errors": errors[message],
            "average_ms": sum(values) / len(values) if values else None,
            "max_ms": max(values) if values else None,
        }
    return result


def cleanup_old_metrics(days: int = 30, *, log_groups: Iterable[str] | None = None, client: Any = None) -> list[str]:
    """Limit the retention of the log groups that metrics are written to.

    Metrics themselves cannot be deleted; they expire after 15 months.

    Parameters
    ----------
    days
        Retention in days, one of `RETENTION_DAYS`.
    log_groups
        By default this function's (`AWS_LAMBDA_LOG_GROUP_NAME`).
    client
        A boto3 CloudWatch Logs client.

    Returns
    -------
    list
        The log groups whose retention was changed; a shorter retention is not extended.

    Raises
    ------
    ValidationError
        `days` is not a retention period of CloudWatch Logs.
    """
    if days not in RETENTION_DAYS:
        msg = f"CloudWatch Logs has no retention of {days} days; use one of {', '.join(map(str, RETENTION_DAYS))}"
        raise ValidationError(msg)
    logs = client or _create_client("logs")
    changed = []
    for name in [_get_log_group(None)] if log_groups is None else log_groups:
        pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        for group in (group for page in pages for group in page["logGroups"] if group["logGroupName"] == name):
            if group.get("retentionInDays", days + 1) > days:
                logs.put_retention_policy(logGroupName=name, retentionInDays=days)
                changed.append(name)
    return changed


def _get_range(hours: float) -> tuple[datetime, datetime, float]:
    if not 0 < hours <= _MAX_HOURS:
        msg = f"time range must be more than 0 and at most {_MAX_HOURS} hours, for which CloudWatch retains metrics"
        raise ValidationError(msg)
    end = datetime.now(UTC)
    return end - timedelta(hours=hours), end, hours


def _read_metrics(
    client: Any,
    namespace: str,
    dimensions: list[dict[str, str]],
    wanted: dict[str, tuple[str, str]],
    start: datetime,
    end: datetime,
) -> dict[str, Any]:
    cloudwatch = client or _create_client("cloudwatch")
    period = _get_period(start, end)
    queries: list[dict[str, Any]] = []
    for key, (name, statistic) in wanted.items():
        metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
        queries.append({"Id": key, "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}})
        if statistic == "Average":  # averages of periods are weighted by their sample counts
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
    return {
        key: _aggregate(statistic, found[key], found.get(f"{key}__n", {})) for key, (_, statistic) in wanted.items()
    }


def _aggregate(statistic: str, values: dict[datetime, float], counts: dict[datetime, float]) -> float | None:
    if not values:
        return None
    if statistic == "Sum":
        return sum(values.values())
    if statistic == "Maximum":
        return max(values.values())
    total = sum(counts.get(moment, 0) for moment in values)
    return sum(value * counts.get(moment, 0) for moment, value in values.items()) / total if total else None


def _to_number(key: str, value: float | None) -> Any:
    return value if key.endswith("_ms") else int(value or 0)


def _get_period(start: datetime, end: datetime) -> int:
    # CloudWatch retains periods of 1 minute for 15 days, 5 minutes for 63 days, 1 hour for 15 months.
    days = (end - start) / timedelta(days=1)
    if days <= 1:
        return 60
    return 300 if days <= 15 else 3600  # noqa: PLR2004 - as the comment says


def _read_lines(user_id: str, group: str, start: datetime, end: datetime, client: Any) -> Iterator[dict[str, Any]]:
    logs = client or _create_client("logs")
    quoted = user_id.replace("\\", "\\\\").replace('"', '\\"')
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        startTime=int(start.timestamp() * 1000),
        endTime=int(end.timestamp() * 1000) + 1,
        # A term matches the id anywhere in the line; its key is checked below.
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


def _get_log_group(name: str | None) -> str:
    name = name or os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
    if not name:
        msg = "the log group is not set: pass log_group=; AWS_LAMBDA_LOG_GROUP_NAME is set in Lambda only"
        raise ConfigurationError(msg)
    return name


def _create_client(service_name: str) -> Any:
    from ai_voice_shared.aws import aws_client

    return aws_client(service_name, retries={"mode": "standard"})
