"""Tables, a bus and queues on the local AWS emulator, created with the runtime's boto3."""

from __future__ import annotations

import json
import uuid
from typing import Any

__all__ = ["Bus", "new_bus", "new_queue", "new_table"]


def new_table(*keys: str) -> str:
    """Create a table with these text keys."""
    import boto3

    name = f"usage-check-{uuid.uuid4()}"
    kinds = ("HASH", "RANGE")
    client: Any = boto3.client("dynamodb")
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, kinds, strict=False)],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def new_queue() -> str:
    """Create a queue and return its URL."""
    import boto3

    return str(boto3.client("sqs").create_queue(QueueName=f"usage-check-{uuid.uuid4()}")["QueueUrl"])


class Bus:
    """A bus whose events are all delivered to a queue."""

    def __init__(self) -> None:
        import boto3

        self.name = f"bus-{uuid.uuid4()}"
        self.queue_url = new_queue()
        self._sqs = boto3.client("sqs")
        events = boto3.client("events")
        events.create_event_bus(Name=self.name)
        attributes = self._sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=["QueueArn"])
        events.put_rule(Name="all", EventBusName=self.name, EventPattern=json.dumps({"source": [{"prefix": ""}]}))
        targets = [{"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}]
        events.put_targets(Rule="all", EventBusName=self.name, Targets=targets)  # type: ignore[arg-type] # a TypedDict

    def delivered(self, count: int) -> list[dict[str, Any]]:
        """Wait for a number of events."""
        found: list[dict[str, Any]] = []
        for _ in range(20):
            if len(found) >= count:
                break
            response = self._sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in response.get("Messages", []):
                found.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return found


def new_bus() -> Bus:
    """Create a bus."""
    return Bus()
