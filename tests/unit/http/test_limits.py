"""The time limits of both clients."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from ai_voice_shared.errors import ServiceTimeoutError, ServiceUnavailableError
from ai_voice_shared.http import HttpRequest
from tests.support.faulty_http import (
    FaultyHttp,
    ask,
    closed_port,
    full_backlog,
    hang_up,
    reply,
    reset,
    stall,
    trickle,
)

if TYPE_CHECKING:
    from tests.unit.http.conftest import BothClients

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_a_refused_connection_is_unavailable(send: Any) -> None:
    """The error of a refused connection has its type and the server's name."""
    request = HttpRequest(method="GET", url=f"http://127.0.0.1:{closed_port()}/", service="the-service")
    with pytest.raises(ServiceUnavailableError, match=r"the-service could not be reached \(ConnectError"):
        await send(request)


async def test_an_unknown_host_is_unavailable(send: Any) -> None:
    """A host name that cannot be resolved is an outage (`.invalid` is reserved by RFC 6761)."""
    with pytest.raises(ServiceUnavailableError, match="ConnectError"):
        await send(HttpRequest(method="GET", url="http://host.invalid/"))


async def test_a_connection_that_is_not_established_times_out(send: Any) -> None:
    """The connect timeout applies if the server does not accept the connection."""
    with full_backlog() as port, pytest.raises(ServiceTimeoutError, match="ConnectTimeout"):
        await send(HttpRequest(method="GET", url=f"http://127.0.0.1:{port}/", connect_timeout=0.1))


async def test_the_total_timeout_applies_to_connecting(send: Any) -> None:
    """A total timeout shorter than the connect timeout takes precedence."""
    with full_backlog() as port, pytest.raises(ServiceTimeoutError):
        await send(HttpRequest(method="GET", url=f"http://127.0.0.1:{port}/", connect_timeout=60, timeout=0.1))


async def test_a_stalled_handshake_times_out(server: FaultyHttp, send: Any) -> None:
    """The connect timeout applies to a TLS handshake to which the server does not respond."""
    url = server.url.replace("http:", "https:")
    with pytest.raises(ServiceTimeoutError, match="ConnectTimeout"):
        await send(ask(server, url=url, connect_timeout=0.2))


@pytest.mark.parametrize("respond", [reset, hang_up], ids=["reset", "hang up"])
async def test_a_broken_fresh_connection_is_unavailable(server: FaultyHttp, send: Any, respond: Any) -> None:
    """A request over a new connection that breaks is not sent again."""
    server.responses = [respond]
    with pytest.raises(ServiceUnavailableError):
        await send(ask(server))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "respond",
    [
        stall(),
        stall(b"HTTP/1.1 200"),
        stall(OK_HEAD),
        stall(OK_HEAD + b"some"),
        stall(CHUNKED_HEAD + b"5\r\nhel"),
    ],
    ids=["nothing", "half a line", "headers", "half a body", "half a chunk"],
)
async def test_silence_times_out(server: FaultyHttp, send: Any, respond: Any) -> None:
    """The read timeout applies wherever the server stops sending."""
    server.responses = [respond]
    with pytest.raises(ServiceTimeoutError):
        await send(ask(server, read_timeout=0.1))


TRICKLES = [
    trickle(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000),
    trickle(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000),
    trickle(OK_HEAD + bytes(1000), at_once=len(OK_HEAD)),
    trickle(CHUNKED_HEAD + b"5;" + b"x" * 1000, at_once=len(CHUNKED_HEAD)),
    trickle(CHUNKED_HEAD + b"1\r\nx\r\n" * 1000, at_once=len(CHUNKED_HEAD)),
]
TRICKLE_IDS = ["headers", "hints", "body", "chunk extension", "chunks"]


@pytest.mark.parametrize("respond", TRICKLES, ids=TRICKLE_IDS)
async def test_a_trickled_response_ends_with_the_total_timeout(server: FaultyHttp, send: Any, respond: Any) -> None:
    """A response that is sent byte by byte ends with the total timeout, although no read takes long."""
    server.responses = [respond]
    with anyio.fail_after(4), pytest.raises(ServiceTimeoutError):
        await send(ask(server, timeout=0.3))


@pytest.mark.parametrize("respond", TRICKLES, ids=TRICKLE_IDS)
async def test_a_trickled_tls_response_ends_with_the_total_timeout(
    tls_server: FaultyHttp, send: Any, respond: Any
) -> None:
    """A response that is sent in TLS records of one byte ends with the total timeout."""
    tls_server.responses = [respond]
    with anyio.fail_after(4), pytest.raises(ServiceTimeoutError):
        await send(ask(tls_server, timeout=0.5))


async def test_a_trickled_compressed_response_ends_with_the_total_timeout(server: FaultyHttp, send: Any) -> None:
    """A trickled response whose bytes decode to nothing ends with the total timeout."""
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n"
    # A gzip header whose file name does not end.
    server.responses = [trickle(head + b"\x1f\x8b\x08\x08" + bytes(5) + b"\x03" + b"n" * 900, at_once=len(head))]
    with anyio.fail_after(4), pytest.raises(ServiceTimeoutError):
        await send(ask(server, timeout=0.3))


async def test_exchanges_have_separate_timeouts(server: FaultyHttp, client: BothClients) -> None:
    """A body that the caller reads slowly ends with its own timeout, which does not affect another request."""
    server.responses = [stall(OK_HEAD + b"some"), reply(200, b"next")]
    async with client.stream(ask(server, timeout=0.4)) as body:
        assert await anext(body) == b"some"
        assert (await client.send(ask(server))).content == b"next"
        with pytest.raises(ServiceTimeoutError):
            await anext(body)


async def test_a_large_request_to_a_server_that_does_not_read_times_out(send: Any) -> None:
    """The total timeout applies to writing as well."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with anyio.fail_after(5), pytest.raises(ServiceTimeoutError):
            await send(HttpRequest(method="POST", url=url, content=bytes(50_000_000), timeout=0.3))


@pytest.mark.parametrize("limit", ["timeout", "connect_timeout", "read_timeout"])
@pytest.mark.parametrize("seconds", [0, -1])
async def test_a_limit_of_zero_or_less_is_a_timeout(server: FaultyHttp, send: Any, limit: str, seconds: float) -> None:
    """A limit of 0 or less, as the rest of a deadline may be, is a timeout and not a non-blocking socket."""
    with pytest.raises(ServiceTimeoutError):
        await send(ask(server, **{limit: seconds}))


async def test_a_very_large_limit_is_accepted(server: FaultyHttp, send: Any) -> None:
    """A limit beyond the range of sockets is accepted."""
    request = ask(server, timeout=1e12, connect_timeout=1e12, read_timeout=1e12)
    assert (await send(request)).status_code == 200
