"""ServiceClient and SyncServiceClient against real services on loopback, created by `create_service`."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import boto3
import pytest
from aws_lambda_powertools.event_handler.openapi.params import Body
from moto import mock_aws
from pydantic import BaseModel, SecretStr

from ai_voice_shared import Deadline, create_service, use_correlation_id, use_deadline
from ai_voice_shared.errors import (
    CircuitOpenError,
    ConflictError,
    DeadlineExceededError,
    MissingSettingError,
    NotFoundError,
    RateLimitedError,
    ServiceError,
    ServiceResponseError,
    ServiceUnavailableError,
    ValidationError,
)
from ai_voice_shared.http import close_connections
from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker
from ai_voice_shared.resilience.retrying import RetryBudget
from ai_voice_shared.services.service_client import ServiceClient, ServiceLimits, SyncServiceClient
from ai_voice_shared.settings import Settings, with_secret_refresh
from ai_voice_shared.settings.base import required
from ai_voice_shared.settings.secrets import clear_secrets
from ai_voice_shared.settings.services import ServiceSettings
from tests.support.asgi_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

FAST = ServiceLimits(retry_delay=0.0)


class Subject(BaseModel):
    """A subject."""

    name: str


class CallerSettings(Settings):
    """The key of a caller."""

    env_prefix: ClassVar[str] = "CALLER_"
    api_key: SecretStr = required(description="Its key.")


@pytest.fixture(autouse=True)
def closed_connections() -> Iterator[None]:
    """Close pooled connections after each test."""
    yield
    close_connections()


@pytest.fixture(scope="module")
def subject_service() -> Iterator[str]:
    """Serve subjects on loopback; yields the URL."""
    app = (service := create_service("subject-service")).app

    @app.get("/api/v1/subjects")
    def subjects() -> list[Subject]:
        return [Subject(name="Math")]

    @app.get("/api/v1/subjects/<subject_id>")
    def subject(subject_id: str) -> Subject:
        kind = "Subject"
        raise NotFoundError(kind, subject_id)

    @app.post("/api/v1/subjects")
    def create(subject: Annotated[Subject, Body()]) -> tuple[Subject, int]:
        raise ConflictError("there is one of that name", details=[{"name": "taken"}])

    @app.get("/echo")
    def echo() -> dict[str, Any]:
        event = app.current_event
        return {"query": event.raw_event["rawQueryString"], "headers": dict(event.headers)}

    @app.delete("/api/v1/subjects/<subject_id>")
    def delete(subject_id: str) -> tuple[None, int]:
        return None, 204

    @app.get("/boom")
    def boom() -> dict[str, str]:
        raise RuntimeError

    with serving(service.asgi) as url:
        yield url


@dataclass
class Scripted:
    """A server with scripted responses, and the requests it received."""

    url: str = ""
    responses: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """Serve scripted responses, of which the last is repeated."""
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _respond(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            script.lines += self.headers.items()
            script.requests.append((self.command, {name.lower(): value for name, value in self.headers.items()}))
            status, headers, body = script.responses.pop(0) if len(script.responses) > 1 else script.responses[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _respond  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        script.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield script
        server.shutdown()
        thread.join()


def create_client(scripted: Scripted, **options: Any) -> SyncServiceClient:
    """Create a client with its own circuit and retry budget."""
    return SyncServiceClient(
        "scripted-service",
        scripted.url,
        limits=options.pop("limits", FAST),
        circuit_breaker=options.pop("circuit_breaker", None) or CircuitBreaker("scripted"),
        retry_budget=RetryBudget(),
        **options,
    )


@pytest.mark.anyio
async def test_the_documented_call(subject_service: str) -> None:
    """`async with ServiceClient(name, url) as client: await client.get(path)` returns the parsed response."""
    async with ServiceClient("subject-service", subject_service) as client:
        subjects = await client.get("/api/v1/subjects")
    assert subjects == [{"name": "Math"}]


@pytest.mark.anyio
async def test_not_found_is_raised_as_not_found(subject_service: str) -> None:
    """The client raises the error of the other service, with its resource."""
    async with ServiceClient("subject-service", subject_service) as client:
        with pytest.raises(NotFoundError) as raised:
            await client.get("/api/v1/subjects/123")
    assert (raised.value.resource, raised.value.identifier) == ("Subject", "123")


def test_a_conflict_has_its_details(subject_service: str) -> None:
    """The synchronous client raises the same errors with details, and a pydantic model is a body."""
    with SyncServiceClient("subject-service", subject_service) as client, pytest.raises(ConflictError) as raised:
        client.post("/api/v1/subjects", Subject(name="Math"))
    assert str(raised.value) == "there is one of that name"
    assert raised.value.details == [{"name": "taken"}]


def test_an_invalid_body_is_located(subject_service: str) -> None:
    """The service's validation error is a ValidationError here, with the locations."""
    with pytest.raises(ValidationError) as raised:
        SyncServiceClient("subject-service", subject_service).post("/api/v1/subjects", {"title": "Math"})
    assert raised.value.details == [{"loc": ["body", "name"], "type": "missing"}]


def test_an_unknown_path_is_not_a_missing_resource(subject_service: str) -> None:
    """The 404 of a wrong path is an error of the request, not NotFoundError."""
    with pytest.raises(ServiceResponseError):
        SyncServiceClient("subject-service", subject_service).get("/api/v2/subjects")


def test_an_internal_error_is_a_service_error(subject_service: str) -> None:
    """A 500 that the service itself reports as an internal error is not retried."""
    client = SyncServiceClient("subject-service", subject_service, circuit_breaker=CircuitBreaker("bug"))
    with pytest.raises(ServiceError) as raised:
        client.get("/boom")
    assert not raised.value.retryable


def test_correlation_id_and_trace_are_sent(subject_service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other service sees the correlation id and the trace of this one."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0")
    with use_correlation_id("order-7"):
        seen = SyncServiceClient("subject-service", subject_service, headers={"X-Api-Key": "k"}).get("/echo")["headers"]
    assert seen["x-correlation-id"] == "order-7"
    assert seen["x-api-key"] == "k"
    assert seen["traceparent"] == "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00"


def test_the_query_is_encoded(subject_service: str) -> None:
    """None is omitted, a sequence is repeated, and a space is %20."""
    client = SyncServiceClient("subject-service", subject_service)
    seen = client.get("/echo", params={"q": "a b", "n": [1, 2], "on": True, "no": None})
    assert seen["query"] == "q=a%20b&n=1&n=2&on=true"


def test_an_empty_response_is_none(subject_service: str) -> None:
    """A 204 returns None."""
    assert SyncServiceClient("subject-service", subject_service).delete("/api/v1/subjects/1") is None


def test_the_address_comes_from_the_settings(subject_service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a URL the settings are used, and an unknown service is named with its variable."""
    settings = ServiceSettings(urls={"subject-service": subject_service})
    assert SyncServiceClient("subject-service", settings=settings).get("/api/v1/subjects")
    monkeypatch.delenv("MEMORY_SERVICE_URL", raising=False)
    with pytest.raises(MissingSettingError, match="MEMORY_SERVICE_URL"):
        SyncServiceClient("memory-service", settings=settings).get("/")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_read_is_retried(scripted: Scripted, status: int) -> None:
    """A read that failed for a transient reason is retried."""
    scripted.responses = [(status, {}, b""), (200, {}, b"{}")]
    assert create_client(scripted).get("/") == {}
    assert len(scripted.requests) == 2


def test_a_post_is_not_retried(scripted: Scripted) -> None:
    """A POST that failed may have been processed, and is sent once."""
    scripted.responses = [(503, {}, b""), (200, {}, b"{}")]
    with pytest.raises(ServiceUnavailableError):
        create_client(scripted).post("/", {})
    assert len(scripted.requests) == 1


def test_a_post_with_a_key_is_retried(scripted: Scripted) -> None:
    """An idempotency key makes a POST idempotent, and each attempt has the same key."""
    scripted.responses = [(503, {}, b""), (200, {}, b"{}")]
    create_client(scripted).post("/", {}, idempotency_key="order-7")
    assert [headers["idempotency-key"] for _, headers in scripted.requests] == ["order-7", "order-7"]


def test_a_retry_after_beyond_the_deadline_is_not_waited_for(scripted: Scripted) -> None:
    """A Retry-After beyond the deadline ends the attempts at once, and the error has the seconds."""
    scripted.responses = [(429, {"Retry-After": "60"}, b"")]
    with use_deadline(Deadline(5)), pytest.raises(RateLimitedError) as raised:
        create_client(scripted).get("/")
    assert raised.value.retry_after == 60
    assert len(scripted.requests) == 1


def test_without_time_nothing_is_sent(scripted: Scripted) -> None:
    """An exceeded deadline sends no request."""
    with use_deadline(Deadline(0)), pytest.raises(DeadlineExceededError):
        create_client(scripted).get("/")
    assert scripted.requests == []


def test_a_circuit_opens(scripted: Scripted) -> None:
    """After failures in a row the service is not called."""
    scripted.responses = [(503, {}, b"")]
    client = create_client(
        scripted,
        limits=ServiceLimits(max_attempts=1),
        circuit_breaker=CircuitBreaker(f"opens-{scripted.url}", failure_threshold=2),
    )
    for _ in range(2):
        with pytest.raises(ServiceUnavailableError):
            client.get("/")
    with pytest.raises(CircuitOpenError):
        client.get("/")
    assert len(scripted.requests) == 2


@pytest.mark.anyio
async def test_clients_of_a_service_share_its_circuit(subject_service: str) -> None:
    """Clients of a service share its circuit and its retry budget, since a client lives for a request."""
    async with ServiceClient("subject-service", subject_service) as one:
        first = one.circuit_breaker, one.retry_budget
    async with ServiceClient("subject-service", subject_service) as other:
        assert (other.circuit_breaker, other.retry_budget) == first


@pytest.mark.anyio
async def test_a_refused_connection_is_unavailable(unused_url: str) -> None:
    """A refused connection is an outage, for both clients."""
    limits = ServiceLimits(max_attempts=1)
    async with ServiceClient("gone", unused_url, limits=limits, circuit_breaker=CircuitBreaker("gone-a")) as client:
        with pytest.raises(ServiceUnavailableError):
            await client.get("/")
    with pytest.raises(ServiceUnavailableError):
        SyncServiceClient("gone", unused_url, limits=limits, circuit_breaker=CircuitBreaker("gone-b")).get("/")


@pytest.fixture
def unused_url() -> str:
    """Return a URL that refuses connections."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return f"http://127.0.0.1:{server.server_address[1]}"


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"<html>"), (302, b""), (418, b"{}")], ids=["no JSON", "a redirect", "a teapot"]
)
def test_an_unusable_response_is_an_error(scripted: Scripted, status: int, body: bytes) -> None:
    """A response that is not valid for a service of the platform is not retried."""
    scripted.responses = [(status, {"Location": "http://elsewhere.invalid/"}, body)]
    with pytest.raises(ServiceResponseError):
        create_client(scripted).get("/")
    assert len(scripted.requests) == 1


def test_requests_can_be_signed(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `auth="iam"` each request has a signature for its region and the service lambda."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    scripted.responses = [(200, {}, b"{}")]
    create_client(scripted, auth="iam", region="eu-central-1").get("/a b", params={"q": "x y"})
    _, headers = scripted.requests[0]
    assert "/eu-central-1/lambda/aws4_request" in headers["authorization"]


def test_headers_are_replaced_whatever_their_case(scripted: Scripted) -> None:
    """A caller's own `content-type` replaces the default, and the correlation id is sent once."""
    scripted.responses = [(200, {}, b"{}")]
    client = SyncServiceClient("scripted", scripted.url, headers={"accept": "text/plain"})
    with use_correlation_id("order-7"):
        client.request("POST", "/", json={}, headers={"content-type": "text/x", "x-correlation-id": "another"})
    names = [name for name, _ in scripted.lines]
    assert len(names) == len({name.lower() for name in names})
    ((_, sent),) = scripted.requests
    assert (sent["accept"], sent["content-type"], sent["x-correlation-id"]) == ("text/plain", "text/x", "order-7")


def test_a_query_in_the_path_is_rejected(scripted: Scripted) -> None:
    """A query in the path would be encoded, and the error says where it belongs."""
    with pytest.raises(ValidationError, match="params="):
        create_client(scripted).get("/subjects?name=x")


def test_errors_and_repr_have_no_url(scripted: Scripted) -> None:
    """Neither the address nor the path nor the query is in an error or a repr."""
    scripted.responses = [(503, {}, b"")]
    client = create_client(scripted, limits=ServiceLimits(max_attempts=1))
    with pytest.raises(ServiceUnavailableError) as raised:
        client.get("/people/zebedee", params={"phone": "+61400000000"})
    for text in (str(raised.value), repr(raised.value.context), repr(client)):
        assert "127.0.0.1" not in text
        assert "zebedee" not in text
        assert "61400000000" not in text


def test_a_rotated_key_is_fetched_again_once(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a 401 the key is fetched again, and the request is repeated once."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    scripted.responses = [(401, {}, b""), (200, {}, b"[]")]
    with mock_aws():
        ssm = boto3.client("ssm")
        ssm.put_parameter(Name="/keys/subjects", Value="old", Type="SecureString")
        clear_secrets()
        monkeypatch.setenv("CALLER_API_KEY", "ssm:/keys/subjects")
        settings = CallerSettings()
        assert settings.api_key.get_secret_value() == "old"
        ssm.put_parameter(Name="/keys/subjects", Value="new", Type="SecureString", Overwrite=True)

        def ask(current: CallerSettings) -> Any:
            return create_client(scripted, headers={"X-Api-Key": current.api_key.get_secret_value()}).get("/subjects")

        assert with_secret_refresh(ask, settings) == []
    clear_secrets()
    assert [headers["x-api-key"] for _, headers in scripted.requests] == ["old", "new"]
