"""The examples of myequal-ai-common, verbatim."""

from __future__ import annotations

import json
from typing import Any

import boto3

from ai_voice_shared.domain.events import CallCompletedEvent, create_call_completed_event
from ai_voice_shared.events import AsyncEventPublisher
from ai_voice_shared.observability import MetricsClient
from ai_voice_shared.settings import EventSettings
from tests.support.document_examples.example import Example

__all__ = ["EXAMPLES"]


def _event_publishing(names: dict[str, Any]) -> None:
    sqs = boto3.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=names["queue_url"])["Messages"]
    assert json.loads(message["Body"])["detail"]["data"]["call_id"] == "call-1"


def _event_given() -> dict[str, Any]:
    events, sqs = boto3.client("events"), boto3.client("sqs")
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["calls"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": arn}])
    return {
        "event": create_call_completed_event(call_id="call-1", duration_seconds=3),
        "event_publisher": AsyncEventPublisher(EventSettings(source="calls")),
        "queue_url": url,
    }


def _metrics_usage(names: dict[str, Any]) -> None:
    names["metrics"].flush()
    line = json.loads(names["out"].getvalue())
    assert line["operation.count"] == [1.0]
    assert line["operation.duration"][0] >= 0


def _metrics_given() -> dict[str, Any]:
    return {"metrics": MetricsClient("documented-service")}


def _domain_imports(names: dict[str, Any]) -> None:
    assert names["CallCompletedEvent"] is CallCompletedEvent
    assert names["CallStatus"]("completed").name == "COMPLETED"
    assert names["CallFailureReason"]("busy").name == "BUSY"


def _auth_imports(names: dict[str, Any]) -> None:
    tokens = names["PublicAuthManager"]().create_tokens(user_id="123")
    assert names["PublicAuthManager"]().authenticate(tokens.access_token).user_id == "123"
    assert callable(names["InternalAuthManager"]().middleware)


def _observability_imports(names: dict[str, Any]) -> None:
    assert names["LogManager"]("my-service").logger.service == "my-service"
    assert names["MetricsClient"]("my-service").increment("calls") is None


def _event_imports(names: dict[str, Any]) -> None:
    assert (
        names["EventPublisher"](EventSettings(source="calls"))
        .publish(create_call_completed_event(call_id="call-1", duration_seconds=3))
        .ok
    )


EXAMPLES = [
    Example(
        "common",
        "4. Event Publishing",
        """
await event_publisher.publish(event, soft_fail=True)
""",
        _event_publishing,
        _event_given,
    ),
    Example(
        "common",
        "5. Metrics Collection",
        """
with metrics.record_timing("operation.duration"):
    metrics.increment("operation.count")
""",
        _metrics_usage,
        _metrics_given,
    ),
    Example(
        "common",
        "Import Examples, Domain models",
        """
from myequal_common.domain.enums import CallStatus, CallFailureReason
from myequal_common.domain.events import CallCompletedEvent
""",
        _domain_imports,
    ),
    Example(
        "common",
        "Import Examples, Authentication",
        """
from myequal_common.auth import PublicAuthManager, InternalAuthManager
""",
        _auth_imports,
    ),
    Example(
        "common",
        "Import Examples, Observability",
        """
from myequal_common.observability import MetricsClient, LogManager
""",
        _observability_imports,
    ),
    Example(
        "common",
        "Import Examples, Event publishing",
        """
from myequal_common.events import EventPublisher
""",
        _event_imports,
    ),
]
