"""A bus in memory, and an endpoint that does what it is told."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "eu-central-1"


@dataclass
class Bus:
    """A bus whose every event lands in a queue."""

    name: str
    queue_url: str
    dead_letter_url: str
    sqs: Any

    def delivered(self) -> list[dict[str, Any]]:
        """Give the events that the bus delivered."""
        return [json.loads(message["Body"]) for message in self._messages(self.queue_url)]

    def dead_letters(self) -> list[dict[str, Any]]:
        """Give the messages of the dead-letter queue."""
        return self._messages(self.dead_letter_url)

    def _messages(self, url: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while batch := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            found += batch
        return found


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep AWS in memory, in one region."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def bus(aws: None) -> Bus:
    """Make a bus, a queue that hears everything, and a dead-letter queue."""
    events, sqs = boto3.client("events"), boto3.client("sqs")
    events.create_event_bus(Name="voice")
    urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("heard", "kept")]
    arn = sqs.get_queue_attributes(QueueUrl=urls[0], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventBusName="voice", EventPattern=json.dumps({"source": [{"prefix": ""}]}))
    events.put_targets(Rule="all", EventBusName="voice", Targets=[{"Id": "queue", "Arn": arn}])
    return Bus("voice", urls[0], urls[1], sqs)


@dataclass
class Endpoint:
    """A PutEvents endpoint: each answer is a list of error codes (None is a success), or a status with a code."""

    url: str = ""
    answers: list[list[str | None] | tuple[int, str]] = field(default_factory=list)
    requests: list[list[dict[str, Any]]] = field(default_factory=list)

    def client(self, **config: Any) -> Any:
        """Make a client of this endpoint, without retries of its own."""
        return boto3.client(
            "events",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    def answer(self, entries: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        """Give the next answer; when there is none left, everything succeeds."""
        self.requests.append(entries)
        told = self.answers.pop(0) if self.answers else [None] * len(entries)
        if isinstance(told, tuple):
            return told[0], {"__type": told[1], "message": "told to"}
        results = [
            {"EventId": f"b{index}"} if code is None else {"ErrorCode": code, "ErrorMessage": "told to"}
            for index, code in enumerate(told)
        ]
        return 200, {"FailedEntryCount": sum(code is not None for code in told), "Entries": results}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Run an endpoint on loopback."""
    told = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = told.answer(body["Entries"])
            payload = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()
