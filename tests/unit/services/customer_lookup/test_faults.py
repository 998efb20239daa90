"""The clients against a lookup server with faults of every kind."""

from __future__ import annotations

import datetime as dt
import json
import time
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from ai_voice_shared.errors import CustomerLookupError, CustomerLookupUnavailableError
from ai_voice_shared.observability.correlation import use_correlation_id
from ai_voice_shared.utils.deadline import Deadline, use_deadline
from tests.support.faulty_http import (
    closed_port,
    full_backlog,
    hang_up,
    raw,
    reply,
    reset,
    stall,
    trickle,
)

from .conftest import CUSTOMER, EXTERNAL_ID, PHONE, found, lookup_settings, own_circuit, unknown

if TYPE_CHECKING:
    from tests.support.faulty_http import FaultyHttp

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
UNAVAILABLE = {
    "reset": reset,
    "hang up": hang_up,
    "429": reply(429),
    "500": reply(500),
    "502 of a proxy": reply(502, b"<html>Bad Gateway</html>"),
    "503": reply(503),
    "504": reply(504),
    "silence": stall(),
    "slow headers": stall(b"HTTP/1.1 200"),
    "slow body": stall(HEAD + b'{"customer'),
    "truncated": raw(HEAD + b'{"customer'),
}
UNUSABLE = {
    "10 MB": reply(200, bytes(10_000_000)),
    "malformed": reply(200, b'{"customer_id": '),
    "another shape": reply(200, {"customer": CUSTOMER}),
    "a list": reply(200, [CUSTOMER]),
    "nothing": reply(200, b""),
    "HTML": reply(200, b"<html>sign in</html>"),
    "no HTTP": raw(b"SSH-2.0-OpenSSH\r\n\r\n"),
    "another 404": reply(404, b"<html>Not Found</html>"),
    "403": reply(403, {"Message": "Forbidden"}),
    "204": raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
}


async def test_a_customer_is_found(server: FaultyHttp, make_lookup: Any) -> None:
    """A customer is found by a POST that has the number in its body only."""
    lookup = make_lookup(lookup_settings(url=f"{server.url}/base/"))
    customer = await lookup(phone_number=f"whatsapp:{PHONE}")
    assert customer.model_dump() == CUSTOMER
    [received] = server.requests
    assert (received.method, received.target) == ("POST", "/base/customers/lookup")
    assert json.loads(received.body) == {"phone_number": PHONE}
    assert received.headers["content-type"] == "application/json"
    assert received.headers["accept"] == "application/json, application/problem+json"
    assert "authorization" not in received.headers
    assert PHONE.strip("+") not in str(received.headers) + received.target


async def test_a_customer_without_a_number_is_found(server: FaultyHttp, make_lookup: Any) -> None:
    """A customer is found by the business-scoped id."""
    lookup = make_lookup(lookup_settings(url=server.url))
    assert await lookup(external_user_id=EXTERNAL_ID) is not None
    assert json.loads(server.requests[0].body) == {"external_user_id": EXTERNAL_ID}


async def test_an_unknown_sender_is_none(server: FaultyHttp, make_lookup: Any) -> None:
    """An unknown sender is None, and is requested once."""
    server.responses = [unknown()]
    lookup = make_lookup(lookup_settings(url=server.url))
    assert await lookup(phone_number=PHONE) is None
    assert await lookup(phone_number=PHONE) is None
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", UNAVAILABLE)
async def test_an_outage_is_an_error(server: FaultyHttp, make_lookup: Any, fault: str) -> None:
    """An outage is a retryable error and is not cached."""
    server.responses = [UNAVAILABLE[fault], found()]
    lookup = make_lookup(lookup_settings(url=server.url, read_timeout=0.1))
    with pytest.raises(CustomerLookupUnavailableError) as caught:
        await lookup(phone_number=PHONE)
    assert caught.value.retryable
    assert await lookup(phone_number=PHONE) is not None
    assert len(server.requests) == 2


@pytest.mark.parametrize("fault", UNUSABLE)
async def test_an_unusable_response_is_an_error(server: FaultyHttp, make_lookup: Any, fault: str) -> None:
    """An unusable response is an error that is not retried."""
    server.responses = [UNUSABLE[fault], found()]
    lookup = make_lookup(lookup_settings(url=server.url, max_attempts=3))
    with pytest.raises(CustomerLookupError) as caught:
        await lookup(phone_number=PHONE)
    assert not isinstance(caught.value, CustomerLookupUnavailableError)
    assert len(server.requests) == 1
    assert await lookup(phone_number=PHONE) is not None


async def test_a_refused_connection_is_unavailable(make_lookup: Any) -> None:
    """The error of a refused connection names the cause."""
    lookup = make_lookup(lookup_settings(url=f"http://127.0.0.1:{closed_port()}"))
    with pytest.raises(CustomerLookupUnavailableError, match="could not be reached"):
        await lookup(phone_number=PHONE)


async def test_a_connect_timeout_is_unavailable(make_lookup: Any) -> None:
    """A connection that is not established within the connect timeout is an outage."""
    with full_backlog() as port:
        lookup = make_lookup(lookup_settings(url=f"http://127.0.0.1:{port}", connect_timeout=0.1))
        with pytest.raises(CustomerLookupUnavailableError):
            await lookup(phone_number=PHONE)


async def test_a_trickling_response_ends_with_the_timeout(server: FaultyHttp, make_lookup: Any) -> None:
    """A response that is sent byte by byte ends with the timeout, which includes retries."""
    server.responses = [trickle(HEAD + b" " * 1000, at_once=len(HEAD))]
    lookup = make_lookup(lookup_settings(url=server.url, timeout=0.5, max_attempts=5))
    with anyio.fail_after(4), pytest.raises(CustomerLookupUnavailableError):
        await lookup(phone_number=PHONE)


async def test_a_redirect_is_not_followed(server: FaultyHttp, make_lookup: Any) -> None:
    """The target of a redirect does not receive the number."""
    from tests.support.faulty_http import FaultyHttp

    with FaultyHttp(responses=[found()]) as other:
        for status in (301, 302, 303, 307, 308):
            server.responses = [reply(status, b"", {"Location": f"{other.url}/customers/lookup"})]
            lookup = make_lookup(lookup_settings(url=server.url))
            with pytest.raises(CustomerLookupError, match=str(status)):
                await lookup(phone_number=PHONE)
        assert other.connections == 0


@pytest.mark.parametrize("fault", ["reset", "hang up", "429", "500", "503", "truncated"])
async def test_a_transient_fault_is_retried(server: FaultyHttp, make_lookup: Any, fault: str) -> None:
    """The second attempt after a transient fault finds the customer."""
    server.responses = [UNAVAILABLE[fault], found()]
    lookup = make_lookup(lookup_settings(url=server.url, max_attempts=2))
    assert await lookup(phone_number=PHONE) is not None
    assert len(server.requests) == 2


async def test_a_retry_after_is_honoured(server: FaultyHttp, make_lookup: Any) -> None:
    """A retry waits for the server's Retry-After, not only for its own delay."""
    times: list[float] = []
    server.check = lambda _: times.append(time.monotonic())
    server.responses = [reply(429, b"", {"Retry-After": "1"}), found()]
    lookup = make_lookup(lookup_settings(url=server.url, max_attempts=2))
    assert await lookup(phone_number=PHONE) is not None
    assert times[1] - times[0] >= 1


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_retry_after_past_the_timeout_is_not_waited_for(
    server: FaultyHttp, make_lookup: Any, form: str
) -> None:
    """An error with a Retry-After beyond the deadline is raised at once."""
    date = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=600), usegmt=True)
    after = "30" if form == "seconds" else date
    server.responses = [reply(503, b"", {"Retry-After": after})]
    lookup = make_lookup(lookup_settings(url=server.url, max_attempts=5))
    with pytest.raises(CustomerLookupUnavailableError) as caught:
        await lookup(phone_number=PHONE)
    assert len(server.requests) == 1
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= 30


async def test_a_stale_pooled_socket_costs_no_attempt(server: FaultyHttp, make_lookup: Any) -> None:
    """A connection that the server closed while it was idle costs no attempt, no budget and no failure."""
    server.responses = [reply(200, CUSTOMER, keep=False), found()]
    circuit = own_circuit(failure_threshold=1)
    lookup = make_lookup(lookup_settings(url=server.url), circuit_breaker=circuit)
    await lookup(phone_number=PHONE)
    server.next_connection_ended()
    assert await lookup(external_user_id=EXTERNAL_ID) is not None
    assert [received.connection for received in server.requests] == [1, 2]


@pytest.mark.parametrize("make_lookup", ["sync"], indirect=True)
async def test_a_reset_pooled_socket_costs_no_attempt(server: FaultyHttp, make_lookup: Any) -> None:
    """A connection that looks alive until it is used, as after a freeze, costs no attempt."""
    server.responses = [found(), reset, found()]
    lookup = make_lookup(lookup_settings(url=server.url), circuit_breaker=own_circuit(failure_threshold=1))
    await lookup(phone_number=PHONE)
    assert await lookup(external_user_id=EXTERNAL_ID) is not None
    assert [received.connection for received in server.requests] == [1, 1, 2]


async def test_the_invocation_s_deadline_holds(server: FaultyHttp, make_lookup: Any) -> None:
    """The deadline of the invocation ends a lookup before the timeout of the settings."""
    server.responses = [stall()]
    lookup = make_lookup(lookup_settings(url=server.url, read_timeout=30, timeout=60))
    with anyio.fail_after(5), use_deadline(Deadline(0.2)), pytest.raises(CustomerLookupUnavailableError):
        await lookup(phone_number=PHONE)


async def test_without_time_left_nothing_is_sent(server: FaultyHttp, make_lookup: Any) -> None:
    """An exceeded deadline does not count as a failure of the server."""
    lookup = make_lookup(lookup_settings(url=server.url), circuit_breaker=own_circuit(failure_threshold=1))
    with (
        use_deadline(Deadline(0)),
        pytest.raises(CustomerLookupUnavailableError, match="deadline exceeded before the request was sent"),
    ):
        await lookup(phone_number=PHONE)
    assert server.requests == []
    assert await lookup(phone_number=PHONE) is not None


async def test_trace_and_correlation_id_are_sent(
    server: FaultyHttp, make_lookup: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The headers carry the correlation id and the trace."""
    trace_id = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", trace_id)
    lookup = make_lookup(lookup_settings(url=server.url))
    with use_correlation_id("order-7"):
        await lookup(phone_number=PHONE)
    headers = server.requests[0].headers
    assert headers["x-correlation-id"] == "order-7"
    assert headers["x-amzn-trace-id"] == trace_id
    assert headers["traceparent"] == "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00"
