"""Direct invoke, against a Lambda on loopback that fails as Lambda does."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from ai_voice_shared import AsyncCustomerLookupClient, CustomerLookupClient, CustomerLookupSettings, aws
from ai_voice_shared.errors import (
    AIVoiceError,
    ConfigurationError,
    CustomerLookupError,
    CustomerLookupUnavailableError,
    MissingSettingError,
)
from ai_voice_shared.observability.correlation import use_correlation_id
from ai_voice_shared.services.customer_lookup.lambda_transport import LambdaTransport
from ai_voice_shared.testing.aws import forget_clients, isolate
from tests.support.faulty_http import FaultyHttp, closed_port, hang_up, raw, reply, reset, stall

from .conftest import CUSTOMER, EXTERNAL_ID, PHONE, lookup_settings, own_circuit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.faulty_http import Answer

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


def answers(status: int = 200, body: Any = CUSTOMER, **more: Any) -> Answer:
    """Let the function answer by HTTP, as it would at its function URL."""
    text = body if isinstance(body, str) else json.dumps(body)
    return reply(200, {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": text, **more})


def refuses(status: int, code: str, message: str = "no", **headers: str) -> Answer:
    """Let Lambda itself refuse the invoke."""
    return reply(status, {"Message": message, "Type": "User"}, {"x-amzn-ErrorType": code, **headers})


@pytest.fixture
def server() -> Iterator[FaultyHttp]:
    """Give a Lambda whose function knows the customer, unless it is told otherwise."""
    with FaultyHttp(answers=[answers()]) as made:
        yield made


def function(**changes: Any) -> CustomerLookupSettings:
    """Make settings of a direct invoke."""
    return lookup_settings(**({"url": None, "function_name": "lookup"} | changes))


@pytest.fixture(autouse=True)
def _endpoint(server: FaultyHttp, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the package's own clients come here."""
    isolate(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", server.url)
    clear_clients()
    yield
    aws.close_connections()
    clear_clients()


@pytest.fixture(params=["sync", "async"])
async def make_ask(request: pytest.FixtureRequest, anyio_backend: str) -> Any:
    """Give what makes either client and gives its `fetch_customer_metadata`, as a coroutine function."""

    def make(settings: CustomerLookupSettings | None = None) -> Any:
        if request.param == "async":
            return AsyncCustomerLookupClient(
                settings or function(), circuit_breaker=own_circuit()
            ).fetch_customer_metadata
        client = CustomerLookupClient(settings or function(), circuit_breaker=own_circuit())

        async def in_thread(**asked: str) -> Any:
            return await anyio.to_thread.run_sync(lambda: client.fetch_customer_metadata(**asked))

        return in_thread

    return make


async def test_a_customer_is_found(server: FaultyHttp, make_ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the event that the function's URL would give it, trace and correlation id included."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0")
    with use_correlation_id("order-7"):
        assert (await make_ask()(phone_number=PHONE)).model_dump() == CUSTOMER
    [asked] = server.asked
    assert (asked.method, asked.target) == ("POST", "/2015-03-31/functions/lookup/invocations")
    event = json.loads(asked.body)
    assert json.loads(event["body"]) == {"phone_number": PHONE}
    assert (event["version"], event["rawPath"]) == ("2.0", "/customers/lookup")
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["headers"]["x-correlation-id"] == "order-7"
    assert event["headers"]["traceparent"].startswith("00-5759e988")
    assert PHONE.strip("+") not in str(asked.headers) + asked.target


async def test_a_base64_answer_is_read(server: FaultyHttp, make_ask: Any) -> None:
    """As functions give it for what is no text."""
    body = base64.b64encode(json.dumps(CUSTOMER).encode()).decode()
    server.answers = [answers(body=body, isBase64Encoded=True)]
    assert (await make_ask()(phone_number=PHONE)).customer_id == "cust-1"


async def test_nobody_is_none(server: FaultyHttp, make_ask: Any) -> None:
    """Said by the function in its own code."""
    server.answers = [answers(404, {"code": "customer_not_found"})]
    assert await make_ask()(external_user_id=EXTERNAL_ID) is None


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, {"errorMessage": f"boom {PHONE}", "errorType": "KeyError"}, {"X-Amz-Function-Error": "Unhandled"}),
        reply(200, {"errorMessage": "Task timed out after 3.00 seconds"}, {"X-Amz-Function-Error": "Unhandled"}),
        refuses(429, "TooManyRequestsException", "Rate Exceeded."),
        refuses(503, "ServiceException"),
        refuses(500, "ServiceException"),
        refuses(502, "EC2ThrottledException"),
        answers(503, {}),
        answers(429, {}),
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
async def test_an_outage_is_not_nobody(server: FaultyHttp, make_ask: Any, answer: Answer) -> None:
    """It is an error that a retry may help, and botocore makes none of its own."""
    server.answers = [answer, answers()]
    ask = make_ask(function(read_timeout=1.0))
    with pytest.raises(CustomerLookupUnavailableError) as caught:
        await ask(phone_number=PHONE)
    assert PHONE.strip("+") not in "".join(traceback.format_exception(caught.value))
    assert len(server.asked) == 1
    assert await ask(phone_number=PHONE) is not None


async def test_throttling_says_how_long(server: FaultyHttp, make_ask: Any) -> None:
    """By Lambda's own header."""
    server.answers = [refuses(429, "TooManyRequestsException", **{"Retry-After": "30"})]
    with pytest.raises(CustomerLookupUnavailableError) as caught:
        await make_ask(function(max_attempts=3))(phone_number=PHONE)
    assert caught.value.retry_after == 30
    assert len(server.asked) == 1


async def test_what_may_pass_is_tried_again(server: FaultyHttp, make_ask: Any) -> None:
    """By the client, in one place."""
    server.answers = [refuses(429, "TooManyRequestsException"), answers()]
    assert await make_ask(function(max_attempts=2))(phone_number=PHONE) is not None


@pytest.mark.parametrize(
    "answer",
    [
        refuses(404, "ResourceNotFoundException", "Function not found"),
        refuses(403, "AccessDeniedException"),
        refuses(400, "InvalidRequestContentException", f"Could not parse {PHONE}"),
        refuses(403, "ExpiredTokenException"),
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
        answers(404, {"message": "Not Found"}),
        answers(200, {"name": "x"}),
        answers(301, ""),
    ],
)
async def test_an_unusable_answer_is_not_nobody(server: FaultyHttp, make_ask: Any, answer: Answer) -> None:
    """Nor is a function that is not there, or may not be asked."""
    server.answers = [answer]
    with pytest.raises(CustomerLookupError) as caught:
        await make_ask(function(max_attempts=3))(phone_number=PHONE)
    assert not isinstance(caught.value, CustomerLookupUnavailableError)
    shown = "".join(traceback.format_exception(caught.value)) + str(vars(caught.value))
    error: BaseException | None = caught.value
    while error is not None:
        shown += f"{error!r} {vars(error)}"
        error = error.__context__
    assert PHONE.strip("+") not in shown
    assert len(server.asked) == 1


async def test_a_refused_connection_is_unavailable(make_ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As over HTTP."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(CustomerLookupUnavailableError, match="EndpointConnectionError"):
        await make_ask()(phone_number=PHONE)


async def test_without_credentials_it_is_no_outage(make_ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a function that is not set up."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(ConfigurationError, match="NoCredentialsError"):
        await make_ask()(phone_number=PHONE)


async def test_the_name_of_the_function_is_needed(make_ask: Any) -> None:
    """Also where a client is given."""
    client = CustomerLookupClient(
        lookup_settings(), lambda_client=object(), circuit_breaker=own_circuit(failure_threshold=1)
    )
    with pytest.raises(MissingSettingError, match="CUSTOMER_LOOKUP_FUNCTION_NAME"):
        client.fetch_customer_metadata(phone_number=PHONE)


async def test_coroutines_are_not_held_beyond_the_whole_limit(server: FaultyHttp) -> None:
    """The thread ends by botocore's limits, and nobody waits for it."""
    server.answers = [stall()]
    client = AsyncCustomerLookupClient(function(read_timeout=2.0, timeout=0.3), circuit_breaker=own_circuit())
    with anyio.fail_after(1.5), pytest.raises(CustomerLookupUnavailableError):
        await client.fetch_customer_metadata(phone_number=PHONE)


def test_clients_are_few_however_much_time_is_left(server: FaultyHttp) -> None:
    """Time limits belong to botocore's client; there are four of them, and none waits for longer than is left."""
    transport = LambdaTransport(function(read_timeout=4.0))
    made = {id(client): client for client in (transport._lambda(number / 100) for number in range(50, 1000))}
    assert sorted(client.meta.config.read_timeout for client in made.values()) == [0.5, 1.0, 2.0, 4.0]
    assert transport._lambda(3.9).meta.config.read_timeout == 2.0
    assert transport._lambda(0.01).meta.config.read_timeout == 0.5
    assert all(client.meta.config.retries["total_max_attempts"] == 1 for client in made.values())


@pytest.mark.parametrize("fault", [answers(), answers(404, {"code": "customer_not_found"}), refuses(429, "X"), reset])
async def test_botocore_logs_no_number(
    server: FaultyHttp, make_ask: Any, fault: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    """It would write every body, were it let."""
    caplog.set_level(logging.DEBUG)
    server.answers = [fault]
    try:
        await make_ask()(phone_number=PHONE)
    except AIVoiceError as error:
        assert PHONE.strip("+") not in "".join(traceback.format_exception(error))  # noqa: PT017 - either will do
    assert caplog.records
    assert PHONE.strip("+") not in str([(vars(record), record.getMessage()) for record in caplog.records])
