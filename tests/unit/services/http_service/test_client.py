"""ServiceClient and SyncServiceClient against real services on loopback, made by `create_service`."""

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
from ai_voice_shared.settings.secrets import forget_secrets
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
    """The key that a caller shows."""

    env_prefix: ClassVar[str] = "CALLER_"
    api_key: SecretStr = required(description="Its key.")


@pytest.fixture(autouse=True)
def closed_connections() -> Iterator[None]:
    """Leave no pooled connection behind."""
    yield
    close_connections()


@pytest.fixture(scope="module")
def subject_service() -> Iterator[str]:
    """Serve subjects on loopback, and give the URL."""
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
    """A server that gives the answers it is told, and keeps what it was asked."""

    url: str = ""
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """Serve scripted answers; the last one again and again."""
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            script.lines += self.headers.items()
            script.requests.append((self.command, {name.lower(): value for name, value in self.headers.items()}))
            status, headers, body = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 - http.server's names

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


def client_of(scripted: Scripted, **options: Any) -> SyncServiceClient:
    """Make a client with a circuit and a purse of its own."""
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
    """`async with ServiceClient(name, url) as client: await client.get(path)` gives the parsed answer."""
    async with ServiceClient("subject-service", subject_service) as client:
        subjects = await client.get("/api/v1/subjects")
    assert subjects == [{"name": "Math"}]


@pytest.mark.anyio
async def test_not_found_over_there_is_not_found_here(subject_service: str) -> None:
    """What the other service raised is what the client raises, with what it was about."""
    async with ServiceClient("subject-service", subject_service) as client:
        with pytest.raises(NotFoundError) as raised:
            await client.get("/api/v1/subjects/123")
    assert (raised.value.resource, raised.value.identifier) == ("Subject", "123")


def test_a_conflict_comes_with_its_details(subject_service: str) -> None:
    """The synchronous client raises the same errors, details and all; a pydantic model is a body."""
    with SyncServiceClient("subject-service", subject_service) as client, pytest.raises(ConflictError) as raised:
        client.post("/api/v1/subjects", Subject(name="Math"))
    assert str(raised.value) == "there is one of that name"
    assert raised.value.details == [{"name": "taken"}]


def test_a_body_that_does_not_fit_says_where(subject_service: str) -> None:
    """The service's validation is a ValidationError here, with the places."""
    with pytest.raises(ValidationError) as raised:
        SyncServiceClient("subject-service", subject_service).post("/api/v1/subjects", {"title": "Math"})
    assert raised.value.details == [{"loc": ["body", "name"], "type": "missing"}]


def test_an_unknown_path_is_not_a_missing_thing(subject_service: str) -> None:
    """The 404 of a wrong path is an error of the call, not NotFoundError."""
    with pytest.raises(ServiceResponseError):
        SyncServiceClient("subject-service", subject_service).get("/api/v2/subjects")


def test_a_bug_over_there_is_a_service_error(subject_service: str) -> None:
    """A 500 that the service itself calls an internal error is not tried again."""
    client = SyncServiceClient("subject-service", subject_service, circuit_breaker=CircuitBreaker("bug"))
    with pytest.raises(ServiceError) as raised:
        client.get("/boom")
    assert not raised.value.retryable


def test_correlation_id_and_trace_go_along(subject_service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other side sees the correlation id and the trace of this one."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0")
    with use_correlation_id("order-7"):
        seen = SyncServiceClient("subject-service", subject_service, headers={"X-Api-Key": "k"}).get("/echo")["headers"]
    assert seen["x-correlation-id"] == "order-7"
    assert seen["x-api-key"] == "k"
    assert seen["traceparent"] == "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00"


def test_the_query_is_encoded(subject_service: str) -> None:
    """None is left out, a sequence is repeated, a space is %20."""
    client = SyncServiceClient("subject-service", subject_service)
    seen = client.get("/echo", params={"q": "a b", "n": [1, 2], "on": True, "no": None})
    assert seen["query"] == "q=a%20b&n=1&n=2&on=true"


def test_an_empty_answer_is_none(subject_service: str) -> None:
    """204 gives None."""
    assert SyncServiceClient("subject-service", subject_service).delete("/api/v1/subjects/1") is None


def test_where_a_service_is_comes_from_the_settings(subject_service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a URL the registry is asked; a service that it does not know is named with its variable."""
    settings = ServiceSettings(urls={"subject-service": subject_service})
    assert SyncServiceClient("subject-service", settings=settings).get("/api/v1/subjects")
    monkeypatch.delenv("MEMORY_SERVICE_URL", raising=False)
    with pytest.raises(MissingSettingError, match="MEMORY_SERVICE_URL"):
        SyncServiceClient("memory-service", settings=settings).get("/")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_read_is_tried_again(scripted: Scripted, status: int) -> None:
    """What a moment can mend is asked for once more."""
    scripted.answers = [(status, {}, b""), (200, {}, b"{}")]
    assert client_of(scripted).get("/") == {}
    assert len(scripted.requests) == 2


def test_a_post_is_not_repeated(scripted: Scripted) -> None:
    """A POST that failed may have been done: it is sent once."""
    scripted.answers = [(503, {}, b""), (200, {}, b"{}")]
    with pytest.raises(ServiceUnavailableError):
        client_of(scripted).post("/", {})
    assert len(scripted.requests) == 1


def test_a_post_with_a_key_is_repeated(scripted: Scripted) -> None:
    """An idempotency key makes it safe, and each try has the same."""
    scripted.answers = [(503, {}, b""), (200, {}, b"{}")]
    client_of(scripted).post("/", {}, idempotency_key="order-7")
    assert [headers["idempotency-key"] for _, headers in scripted.requests] == ["order-7", "order-7"]


def test_a_service_that_asks_for_longer_than_there_is_is_not_waited_for(scripted: Scripted) -> None:
    """A Retry-After beyond the deadline ends the tries at once, and the caller is told the seconds."""
    scripted.answers = [(429, {"Retry-After": "60"}, b"")]
    with use_deadline(Deadline(5)), pytest.raises(RateLimitedError) as raised:
        client_of(scripted).get("/")
    assert raised.value.retry_after == 60
    assert len(scripted.requests) == 1


def test_without_time_nobody_is_asked(scripted: Scripted) -> None:
    """An invocation that is over makes no call."""
    with use_deadline(Deadline(0)), pytest.raises(DeadlineExceededError):
        client_of(scripted).get("/")
    assert scripted.requests == []


def test_a_circuit_opens(scripted: Scripted) -> None:
    """After failures in a row the service is not asked."""
    scripted.answers = [(503, {}, b"")]
    client = client_of(
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
    """A client lives for a request; what was learned about the service outlives it."""
    async with ServiceClient("subject-service", subject_service) as one:
        first = one.circuit_breaker, one.retry_budget
    async with ServiceClient("subject-service", subject_service) as other:
        assert (other.circuit_breaker, other.retry_budget) == first


@pytest.mark.anyio
async def test_nobody_there_is_unavailable(unused_url: str) -> None:
    """A port that nobody listens on is an outage, for both clients."""
    limits = ServiceLimits(max_attempts=1)
    async with ServiceClient("gone", unused_url, limits=limits, circuit_breaker=CircuitBreaker("gone-a")) as client:
        with pytest.raises(ServiceUnavailableError):
            await client.get("/")
    with pytest.raises(ServiceUnavailableError):
        SyncServiceClient("gone", unused_url, limits=limits, circuit_breaker=CircuitBreaker("gone-b")).get("/")


@pytest.fixture
def unused_url() -> str:
    """Give a URL that refuses connections."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return f"http://127.0.0.1:{server.server_address[1]}"


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"<html>"), (302, b""), (418, b"{}")], ids=["no JSON", "a redirect", "a teapot"]
)
def test_another_answer_than_agreed(scripted: Scripted, status: int, body: bytes) -> None:
    """What is no answer of a service of ours is ServiceResponseError, and is not tried again."""
    scripted.answers = [(status, {"Location": "http://elsewhere.invalid/"}, body)]
    with pytest.raises(ServiceResponseError):
        client_of(scripted).get("/")
    assert len(scripted.requests) == 1


def test_requests_are_signed_where_that_is_wanted(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `auth="iam"` each request has a signature of its own region and of service lambda."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    scripted.answers = [(200, {}, b"{}")]
    client_of(scripted, auth="iam", region="eu-central-1").get("/a b", params={"q": "x y"})
    _, headers = scripted.requests[0]
    assert "/eu-central-1/lambda/aws4_request" in headers["authorization"]


def test_headers_are_replaced_whatever_their_case(scripted: Scripted) -> None:
    """A caller's own `content-type` goes out alone, and the correlation id once."""
    scripted.answers = [(200, {}, b"{}")]
    client = SyncServiceClient("scripted", scripted.url, headers={"accept": "text/plain"})
    with use_correlation_id("order-7"):
        client.request("POST", "/", json={}, headers={"content-type": "text/x", "x-correlation-id": "another"})
    names = [name for name, _ in scripted.lines]
    assert len(names) == len({name.lower() for name in names})
    ((_, sent),) = scripted.requests
    assert (sent["accept"], sent["content-type"], sent["x-correlation-id"]) == ("text/plain", "text/x", "order-7")


def test_a_query_in_the_path_is_refused(scripted: Scripted) -> None:
    """It would be encoded into the path: the error says where it belongs."""
    with pytest.raises(ValidationError, match="params="):
        client_of(scripted).get("/subjects?name=x")


def test_errors_and_repr_hold_no_url(scripted: Scripted) -> None:
    """Neither the address nor the path nor the query is in an error or a repr."""
    scripted.answers = [(503, {}, b"")]
    client = client_of(scripted, limits=ServiceLimits(max_attempts=1))
    with pytest.raises(ServiceUnavailableError) as raised:
        client.get("/people/zebedee", params={"phone": "+61400000000"})
    for text in (str(raised.value), repr(raised.value.context), repr(client)):
        assert "127.0.0.1" not in text
        assert "zebedee" not in text
        assert "61400000000" not in text


def test_a_key_that_was_rotated_is_fetched_anew_once(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 401 of the other service is one forced refresh of the key, and one more call with the new one."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    scripted.answers = [(401, {}, b""), (200, {}, b"[]")]
    with mock_aws():
        ssm = boto3.client("ssm")
        ssm.put_parameter(Name="/keys/subjects", Value="old", Type="SecureString")
        forget_secrets()
        monkeypatch.setenv("CALLER_API_KEY", "ssm:/keys/subjects")
        settings = CallerSettings()
        assert settings.api_key.get_secret_value() == "old"
        ssm.put_parameter(Name="/keys/subjects", Value="new", Type="SecureString", Overwrite=True)

        def ask(current: CallerSettings) -> Any:
            return client_of(scripted, headers={"X-Api-Key": current.api_key.get_secret_value()}).get("/subjects")

        assert with_secret_refresh(ask, settings) == []
    forget_secrets()
    assert [headers["x-api-key"] for _, headers in scripted.requests] == ["old", "new"]
