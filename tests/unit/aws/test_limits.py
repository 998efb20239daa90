"""AWS clients within the current deadline, on real sockets."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from ai_voice_shared.aws import aws_client, clear_clients, dynamodb_client, limits
from ai_voice_shared.aws.limits import apply_limits
from ai_voice_shared.errors import DeadlineExceededError
from ai_voice_shared.testing.aws import isolate
from ai_voice_shared.utils.deadline import Deadline, use_deadline
from tests.support.faulty_http import FaultyHttp, closed_port, full_backlog, reply, reset, stall

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

KEY: dict[str, Any] = {"TableName": "notes", "Key": {"id": {"S": "a"}}}
# Much more than the deadlines of these tests, and much less than what the clients would take without one.
PATIENCE = 20.0


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    isolate(monkeypatch)
    clear_clients()
    yield
    clear_clients()


@pytest.fixture
def server() -> Iterator[FaultyHttp]:
    """Run a server whose responses each test chooses."""
    with FaultyHttp([reply(200, b"{}")]) as server:
        yield server


def slow_client(endpoint: str, **options: Any) -> Any:
    """Return a client that without a deadline would wait for minutes."""
    options.setdefault("retries", {"mode": "standard", "total_max_attempts": 10})
    return aws_client("dynamodb", endpoint_url=endpoint, connect_timeout=60, read_timeout=60, **options)


def failure() -> Any:
    """Return the response of a service that fails."""
    return reply(500, json.dumps({"__type": "InternalServerError"}).encode())


def test_a_server_that_says_nothing_is_left_at_the_deadline(server: FaultyHttp) -> None:
    """The read timeout is cut to what is left, and no attempt follows."""
    server.responses = [stall()]
    client = slow_client(server.url)
    started = time.monotonic()
    with pytest.raises(ReadTimeoutError), use_deadline(Deadline(1.0)):
        client.get_item(**KEY)
    assert time.monotonic() - started < PATIENCE
    assert len(server.requests) == 1


def test_a_server_that_accepts_nobody_is_left_at_the_deadline() -> None:
    """The connect timeout is cut to what is left, and no attempt follows."""
    with full_backlog() as port:
        client = slow_client(f"http://127.0.0.1:{port}")
        started = time.monotonic()
        with pytest.raises(ConnectTimeoutError), use_deadline(Deadline(1.0)):
            client.get_item(**KEY)
        assert time.monotonic() - started < PATIENCE


def test_the_attempts_share_what_is_left(server: FaultyHttp) -> None:
    """A second attempt gets what the first one has left of the deadline."""
    server.responses = [reset, stall()]
    client = slow_client(server.url, retries={"mode": "legacy", "total_max_attempts": 10})
    started = time.monotonic()
    with pytest.raises(ReadTimeoutError), use_deadline(Deadline(2.0)):
        client.get_item(**KEY)
    assert time.monotonic() - started < PATIENCE
    assert len(server.requests) == 2


def test_no_pause_is_begun_that_would_end_after_the_deadline(server: FaultyHttp) -> None:
    """The last failure is raised at once, and not when the pauses of nine more attempts are over."""
    server.responses = [failure()]
    client = slow_client(server.url)
    started = time.monotonic()
    with pytest.raises(ClientError, match="InternalServerError"), use_deadline(Deadline(1.0)):
        client.get_item(**KEY)
    assert time.monotonic() - started < PATIENCE
    assert 1 <= len(server.requests) < 10


def test_a_connection_that_is_refused_is_not_tried_beyond_the_deadline() -> None:
    """A refused connection fails as botocore reports it."""
    client = slow_client(f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(EndpointConnectionError), use_deadline(Deadline(1.0)):
        client.get_item(**KEY)


@pytest.mark.parametrize("service", ["dynamodb", "s3", "ssm"])
def test_after_the_deadline_nothing_is_sent(server: FaultyHttp, service: str) -> None:
    """Whatever the service is, the call says why it was not made."""
    client = aws_client(service, endpoint_url=server.url)
    calls = {
        "dynamodb": lambda: client.get_item(**KEY),
        "s3": lambda: client.put_object(Bucket="notes", Key="a", Body=b"audio"),
        "ssm": lambda: client.get_parameter(Name="a"),
    }
    with pytest.raises(DeadlineExceededError, match=service), use_deadline(Deadline(0)):
        calls[service]()
    assert server.connections == 0


def test_what_completes_work_gets_its_grace(server: FaultyHttp) -> None:
    """It is sent although the deadline is over; but it does not wait for longer than the grace."""
    server.responses = [reply(200, b"{}"), stall()]
    client = slow_client(server.url, grace=1.0)
    started = time.monotonic()
    with use_deadline(Deadline(0)):
        assert client.get_item(**KEY)["ResponseMetadata"]["HTTPStatusCode"] == 200
        with pytest.raises(ReadTimeoutError):
            client.get_item(**KEY)
    assert time.monotonic() - started < PATIENCE
    assert len(server.requests) == 2


def test_without_a_deadline_the_limits_are_those_of_the_client(server: FaultyHttp) -> None:
    """The client that was cut short by a deadline is the same one, and works without one."""
    server.responses = [stall(), reply(200, b"{}")]
    client = slow_client(server.url)
    with pytest.raises(ReadTimeoutError), use_deadline(Deadline(1.0)):
        client.get_item(**KEY)
    assert slow_client(server.url) is client
    assert client.get_item(**KEY)["ResponseMetadata"]["HTTPStatusCode"] == 200
    server.responses = [stall()]
    quick = aws_client(
        "dynamodb", endpoint_url=server.url, read_timeout=0.1, retries={"total_max_attempts": 1, "mode": "standard"}
    )
    with pytest.raises(ReadTimeoutError):
        quick.get_item(**KEY)


def test_a_proxy_is_within_the_deadline(server: FaultyHttp) -> None:
    """A request that goes by a proxy ends as one that goes to AWS."""
    server.responses = [stall()]
    client = slow_client("http://dynamodb.example.com", proxies={"http": server.url})
    started = time.monotonic()
    with pytest.raises(ReadTimeoutError), use_deadline(Deadline(1.0)):
        client.get_item(**KEY)
    assert time.monotonic() - started < PATIENCE


def test_tables_share_a_client() -> None:
    """With the default limits there is one client, and so one connection."""
    assert dynamodb_client() is dynamodb_client(region_name="eu-central-1")
    config = dynamodb_client().meta.config
    assert (config.connect_timeout, config.read_timeout) == (1.0, 2.0)
    assert config.retries["total_max_attempts"] == 3


def test_the_names_of_botocore_that_are_not_public_are_still_there() -> None:
    """An upgrade that removes one of them leaves clients without the deadline: see CONTRIBUTING.md."""
    client = aws_client("dynamodb")
    for path in ("_endpoint.http_session", "_endpoint.http_session._manager.connection_pool_kw"):
        found = client
        for name in path.split("."):
            assert hasattr(found, name), f"botocore has no {path} any more: find another way in aws/limits.py"
            found = getattr(found, name)
    assert hasattr(client._endpoint.http_session, "_timeout")


def test_a_botocore_without_these_names_works_with_its_own_limits(caplog: pytest.LogCaptureFixture) -> None:
    """A layer that is older than the runtime's botocore is no outage; one warning says what is missing."""
    client: Any = botocore.session.Session().create_client("dynamodb")
    del client._endpoint.http_session._manager.connection_pool_kw
    apply_limits(client, 0.0, bundle="")
    assert [record.getMessage() for record in caplog.records if record.name == limits.__name__] == [
        "the deadline cannot cut the timeouts of AWS clients"
    ]
    with pytest.raises(DeadlineExceededError), use_deadline(Deadline(0)):
        client.get_item(**KEY)
