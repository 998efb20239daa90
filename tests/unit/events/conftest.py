"""A bus in memory, and a scripted PutEvents endpoint."""

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
    """An event bus with a rule that delivers every event to a queue."""

    name: str
    queue_url: str
    dead_letter_url: str
    sqs: Any

    def delivered(self) -> list[dict[str, Any]]:
        """Return the events that the bus delivered."""
        return [json.loads(message["Body"]) for message in self._messages(self.queue_url)]

    def dead_letters(self) -> list[dict[str, Any]]:
        """Return the messages of the dead-letter queue."""
        return self._messages(self.dead_letter_url)

    def _messages(self, url: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while batch := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            messages += batch
        return messages


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run AWS in memory, in one region."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def bus(aws: None) -> Bus:
    """Create a bus, a queue that receives all of its events, and a dead-letter queue."""
    events, sqs = boto3.client("events"), boto3.client("sqs")
    events.create_event_bus(Name="voice")
    urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("received", "dead-letters")]
    arn = sqs.get_queue_attributes(QueueUrl=urls[0], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventBusName="voice", EventPattern=json.dumps({"source": [{"prefix": ""}]}))
    events.put_targets(Rule="all", EventBusName="voice", Targets=[{"Id": "queue", "Arn": arn}])
    return Bus("voice", urls[0], urls[1], sqs)


@dataclass
class Endpoint:
    """A scripted PutEvents endpoint: a response is a list of error codes (None for success) or a status and a code."""

    url: str = ""
    responses: list[list[str | None] | tuple[int, str]] = field(default_factory=list)
    requests: list[list[dict[str, Any]]] = field(default_factory=list)

    def client(self, **config: Any) -> Any:
        """Create a client of this endpoint with its retries disabled."""
        return boto3.client(
            "events",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    def respond(self, entries: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        """Return the next scripted response, or success for every entry when the script is used up."""
        self.requests.append(entries)
        scripted = self.responses.pop(0) if self.responses else [None] * len(entries)
        if isinstance(scripted, tuple):
            return scripted[0], {"__type": scripted[1], "message": "scripted"}
        results = [
            {"EventId": f"b{index}"} if code is None else {"ErrorCode": code, "ErrorMessage": "scripted"}
            for index, code in enumerate(scripted)
        ]
        return 200, {"FailedEntryCount": sum(code is not None for code in scripted), "Entries": results}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Run a scripted endpoint on loopback."""
    scripted = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, response = scripted.respond(body["Entries"])
            payload = json.dumps(response).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            """Suppress the access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scripted.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield scripted
    server.shutdown()
    server.server_close()
    thread.join()
