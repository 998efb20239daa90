"""Direct invoke, against a Lambda API on loopback that fails as Lambda does."""

from __future__ import annotations

import base64
import json
import logging
import time
import traceback
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from ai_voice_shared import AsyncCustomerLookupClient, CustomerLookupClient, CustomerLookupSettings
from ai_voice_shared.aws import close_connections
from ai_voice_shared.errors import (
    AIVoiceError,
    ConfigurationError,
    CustomerLookupError,
    CustomerLookupUnavailableError,
    DeadlineExceededError,
    MissingSettingError,
    ServiceTimeoutError,
)
from ai_voice_shared.observability.correlation import use_correlation_id
from ai_voice_shared.services.customer_lookup.contract import LookupRequest
from ai_voice_shared.services.customer_lookup.lambda_transport import LambdaTransport
from ai_voice_shared.testing.aws import clear_clients, isolate
from tests.support.faulty_http import FaultyHttp, closed_port, hang_up, raw, reply, reset, stall

from .conftest import CUSTOMER, EXTERNAL_ID, PHONE, lookup_settings, own_circuit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.faulty_http import Responder

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


def function_response(status: int = 200, body: Any = CUSTOMER, **more: Any) -> Responder:
    """Respond as the function does, with an HTTP response in the payload."""
    text = body if isinstance(body, str) else json.dumps(body)
    return reply(200, {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": text, **more})


def lambda_error(status: int, code: str, message: str = "no", **headers: str) -> Responder:
    """Respond as Lambda itself does to a rejected invoke."""
    return reply(status, {"Message": message, "Type": "User"}, {"x-amzn-ErrorType": code, **headers})


@pytest.fixture
def server() -> Iterator[FaultyHttp]:
    """Run a Lambda API whose function knows the customer, unless a test sets other responses."""
    with FaultyHttp(responses=[function_response()]) as made:
        yield made


def function_settings(**changes: Any) -> CustomerLookupSettings:
    """Create settings of a direct invoke."""
    return lookup_settings(**({"url": None, "function_name": "lookup"} | changes))


@pytest.fixture(autouse=True)
def _endpoint(server: FaultyHttp, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Configure the server as the endpoint of the package's clients."""
    isolate(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", server.url)
    clear_clients()
    yield
    close_connections()
    clear_clients()


@pytest.fixture(params=["sync", "async"])
async def make_lookup(request: pytest.FixtureRequest, anyio_backend: str) -> Any:
    """Return a function that creates either client and returns its lookup as a coroutine function."""

    def make(settings: CustomerLookupSettings | None = None) -> Any:
        if request.param == "async":
            return AsyncCustomerLookupClient(
                settings or function_settings(), circuit_breaker=own_circuit()
            ).fetch_customer_metadata
        client = CustomerLookupClient(settings or function_settings(), circuit_breaker=own_circuit())

        async def in_thread(**sender: str) -> Any:
            return await anyio.to_thread.run_sync(lambda: client.fetch_customer_metadata(**sender))

        return in_thread

    return make


async def test_a_customer_is_found(server: FaultyHttp, make_lookup: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A customer is found by the event of a function URL, with trace and correlation id."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0")
    with use_correlation_id("order-7"):
        assert (await make_lookup()(phone_number=PHONE)).model_dump() == CUSTOMER
    [received] = server.requests
    assert (received.method, received.target) == ("POST", "/2015-03-31/functions/lookup/invocations")
    event = json.loads(received.body)
    assert json.loads(event["body"]) == {"phone_number": PHONE}
    assert (event["version"], event["rawPath"]) == ("2.0", "/customers/lookup")
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["headers"]["x-correlation-id"] == "order-7"
    assert event["headers"]["traceparent"].startswith("00-5759e988")
    assert PHONE.strip("+") not in str(received.headers) + received.target


async def test_a_base64_response_is_decoded(server: FaultyHttp, make_lookup: Any) -> None:
    """A base64-encoded body is decoded."""
    body = base64.b64encode(json.dumps(CUSTOMER).encode()).decode()
    server.responses = [function_response(body=body, isBase64Encoded=True)]
    assert (await make_lookup()(phone_number=PHONE)).customer_id == "cust-1"


async def test_an_unknown_sender_is_none(server: FaultyHttp, make_lookup: Any) -> None:
    """A 404 with the function's own code is None."""
    server.responses = [function_response(404, {"code": "customer_not_found"})]
    assert await make_lookup()(external_user_id=EXTERNAL_ID) is None


@pytest.mark.parametrize(
    "respond",
    [
        reply(200, {"errorMessage": f"boom {PHONE}", "errorType": "KeyError"}, {"X-Amz-Function-Error": "Unhandled"}),
        reply(200, {"errorMessage": "Task timed out after 3.00 seconds"}, {"X-Amz-Function-Error": "Unhandled"}),
        lambda_error(429, "TooManyRequestsException", "Rate Exceeded."),
        lambda_error(503, "ServiceException"),
        lambda_error(500, "ServiceException"),
        lambda_error(502, "EC2ThrottledException"),
        function_response(503, {}),
        function_response(429, {}),
        reset,
        hang_up,
        stall(),
        stall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
    ],
    ids=[
        "FunctionError",
        "function's timeout",
        "throttled",
        "503",
        "500",
        "no capacity",
        "function's 503",
        "function's 429",
        "reset",
        "hang up",
        "silence",
        "slow body",
        "truncated",
    ],
)
async def test_an_outage_is_an_error(server: FaultyHttp, make_lookup: Any, respond: Responder) -> None:
    """An outage is a retryable error, and botocore does not retry it."""
    server.responses = [respond, function_response()]
    lookup = make_lookup(function_settings(read_timeout=1.0))
    with pytest.raises(CustomerLookupUnavailableError) as caught:
        await lookup(phone_number=PHONE)
    assert PHONE.strip("+") not in "".join(traceback.format_exception(caught.value))
    assert len(server.requests) == 1
    assert await lookup(phone_number=PHONE) is not None


async def test_throttling_has_its_retry_after(server: FaultyHttp, make_lookup: Any) -> None:
    """A throttled invoke has the seconds of Lambda's header."""
    server.responses = [lambda_error(429, "TooManyRequestsException", **{"Retry-After": "30"})]
    with pytest.raises(CustomerLookupUnavailableError) as caught:
        await make_lookup(function_settings(max_attempts=3))(phone_number=PHONE)
    assert caught.value.retry_after == 30
    assert len(server.requests) == 1


async def test_throttling_is_retried(server: FaultyHttp, make_lookup: Any) -> None:
    """The client retries a throttled invoke, within its one policy."""
    server.responses = [lambda_error(429, "TooManyRequestsException"), function_response()]
    assert await make_lookup(function_settings(max_attempts=2))(phone_number=PHONE) is not None


@pytest.mark.parametrize(
    "respond",
    [
        lambda_error(404, "ResourceNotFoundException", "Function not found"),
        lambda_error(403, "AccessDeniedException"),
        lambda_error(400, "InvalidRequestContentException", f"Could not parse {PHONE}"),
        lambda_error(403, "ExpiredTokenException"),
        reply(200, b"null"),
        reply(200, b"no JSON"),
        reply(200, [1]),
        reply(200, {"statusCode": "many"}),
        reply(200, b'{"statusCode": Infinity}'),
        reply(200, {"statusCode": 200, "body": 7}),
        reply(200, {"statusCode": 200, "headers": [], "body": "{}"}),
        reply(200, {"statusCode": 200, "body": "%", "isBase64Encoded": True}),
        reply(200, b"[" * 60_000),
        reply(200, b" " * 1_000_000 + b"{}"),
        function_response(404, {"message": "Not Found"}),
        function_response(200, {"name": "x"}),
        function_response(301, ""),
    ],
)
async def test_an_unusable_response_is_an_error(server: FaultyHttp, make_lookup: Any, respond: Responder) -> None:
    """A function that is missing, not permitted or broken is an error without the number."""
    server.responses = [respond]
    with pytest.raises(CustomerLookupError) as caught:
        await make_lookup(function_settings(max_attempts=3))(phone_number=PHONE)
    assert not isinstance(caught.value, CustomerLookupUnavailableError)
    shown = "".join(traceback.format_exception(caught.value)) + str(vars(caught.value))
    error: BaseException | None = caught.value
    while error is not None:
        shown += f"{error!r} {vars(error)}"
        error = error.__context__
    assert PHONE.strip("+") not in shown
    assert len(server.requests) == 1


async def test_a_refused_connection_is_unavailable(make_lookup: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of a refused connection names the cause."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(CustomerLookupUnavailableError, match="EndpointConnectionError"):
        await make_lookup()(phone_number=PHONE)


async def test_missing_credentials_are_a_configuration_error(make_lookup: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing credentials are an error of the configuration, not an outage."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(ConfigurationError, match="NoCredentialsError"):
        await make_lookup()(phone_number=PHONE)


async def test_the_function_name_is_required(make_lookup: Any) -> None:
    """The name of the function is required even if a client is passed."""
    client = CustomerLookupClient(
        lookup_settings(), lambda_client=object(), circuit_breaker=own_circuit(failure_threshold=1)
    )
    with pytest.raises(MissingSettingError, match="CUSTOMER_LOOKUP_FUNCTION_NAME"):
        client.fetch_customer_metadata(phone_number=PHONE)


async def test_coroutines_end_with_the_timeout(server: FaultyHttp) -> None:
    """The asynchronous client ends with the timeout, even if its worker thread does not."""
    server.responses = [stall()]
    client = AsyncCustomerLookupClient(function_settings(read_timeout=2.0, timeout=0.3), circuit_breaker=own_circuit())
    with anyio.fail_after(1.5), pytest.raises(CustomerLookupUnavailableError):
        await client.fetch_customer_metadata(phone_number=PHONE)


async def test_one_client_waits_no_longer_than_is_left(server: FaultyHttp) -> None:
    """A request's timeout applies without a separate Lambda client."""
    server.responses = [stall()]
    transport = LambdaTransport(function_settings(read_timeout=60.0, timeout=60.0))
    transport.warm_up()
    started = time.monotonic()
    for seconds in (0.2, 0.4):
        with pytest.raises(ServiceTimeoutError):
            transport.send(LookupRequest("phone_number", PHONE), seconds)
    with pytest.raises(DeadlineExceededError):
        transport.send(LookupRequest("phone_number", PHONE), 0.0)
    assert time.monotonic() - started < 30
    assert transport._get_client() is transport._get_client()


@pytest.mark.parametrize(
    "fault",
    [function_response(), function_response(404, {"code": "customer_not_found"}), lambda_error(429, "X"), reset],
)
async def test_botocore_logs_no_number(
    server: FaultyHttp, make_lookup: Any, fault: Responder, caplog: pytest.LogCaptureFixture
) -> None:
    """Botocore, which logs bodies at DEBUG, does not log the number."""
    caplog.set_level(logging.DEBUG)
    server.responses = [fault]
    try:
        await make_lookup()(phone_number=PHONE)
    except AIVoiceError as error:
        assert PHONE.strip("+") not in "".join(traceback.format_exception(error))  # noqa: PT017 - both outcomes are valid
    assert caplog.records
    assert PHONE.strip("+") not in str([(vars(record), record.getMessage()) for record in caplog.records])
