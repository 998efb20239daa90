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
    """The error has the kind and the server's name."""
    request = HttpRequest(method="GET", url=f"http://127.0.0.1:{closed_port()}/", service="the-service")
    with pytest.raises(ServiceUnavailableError, match=r"the-service could not be reached \(ConnectError"):
        await send(request)


async def test_a_host_that_is_not_known_is_unavailable(send: Any) -> None:
    """The top-level domain is reserved (RFC 6761)."""
    with pytest.raises(ServiceUnavailableError, match="ConnectError"):
        await send(HttpRequest(method="GET", url="http://host.invalid/"))


async def test_a_connection_that_is_not_established_times_out(send: Any) -> None:
    """The connect timeout holds where the server does not accept."""
    with full_backlog() as port, pytest.raises(ServiceTimeoutError, match="ConnectTimeout"):
        await send(HttpRequest(method="GET", url=f"http://127.0.0.1:{port}/", connect_timeout=0.1))


async def test_the_whole_limit_holds_for_connecting(send: Any) -> None:
    """A total that is shorter than the connect timeout wins."""
    with full_backlog() as port, pytest.raises(ServiceTimeoutError):
        await send(HttpRequest(method="GET", url=f"http://127.0.0.1:{port}/", connect_timeout=60, timeout=0.1))


async def test_a_handshake_without_an_end_times_out(server: FaultyHttp, send: Any) -> None:
    """The connect timeout holds for TLS as well: the server waits for a request that is not encrypted."""
    url = server.url.replace("http:", "https:")
    with pytest.raises(ServiceTimeoutError, match="ConnectTimeout"):
        await send(ask(server, url=url, connect_timeout=0.2))


@pytest.mark.parametrize("answer", [reset, hang_up], ids=["reset", "hang up"])
async def test_a_broken_fresh_connection_is_unavailable(server: FaultyHttp, send: Any, answer: Any) -> None:
    """The request is not sent again: retries belong to the caller."""
    server.responses = [answer]
    with pytest.raises(ServiceUnavailableError):
        await send(ask(server))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        stall(),
        stall(b"HTTP/1.1 200"),
        stall(OK_HEAD),
        stall(OK_HEAD + b"some"),
        stall(CHUNKED_HEAD + b"5\r\nhel"),
    ],
    ids=["nothing", "half a line", "headers", "half a body", "half a chunk"],
)
async def test_silence_times_out(server: FaultyHttp, send: Any, answer: Any) -> None:
    """The read timeout holds wherever the server stops."""
    server.responses = [answer]
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


@pytest.mark.parametrize("answer", TRICKLES, ids=TRICKLE_IDS)
async def test_trickling_ends_with_the_whole_limit(server: FaultyHttp, send: Any, answer: Any) -> None:
    """No read takes long, and still all of them end with the exchange."""
    server.responses = [answer]
    with anyio.fail_after(4), pytest.raises(ServiceTimeoutError):
        await send(ask(server, timeout=0.3))


@pytest.mark.parametrize("answer", TRICKLES, ids=TRICKLE_IDS)
async def test_trickling_over_tls_ends_with_the_whole_limit(tls_server: FaultyHttp, send: Any, answer: Any) -> None:
    """Each byte is a record."""
    tls_server.responses = [answer]
    with anyio.fail_after(4), pytest.raises(ServiceTimeoutError):
        await send(ask(tls_server, timeout=0.5))


async def test_a_compressed_trickle_ends_with_the_whole_limit(server: FaultyHttp, send: Any) -> None:
    """Also where what trickles decodes to nothing."""
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n"
    # A gzip header whose file name does not end.
    server.responses = [trickle(head + b"\x1f\x8b\x08\x08" + bytes(5) + b"\x03" + b"n" * 900, at_once=len(head))]
    with anyio.fail_after(4), pytest.raises(ServiceTimeoutError):
        await send(ask(server, timeout=0.3))


async def test_the_limit_of_one_exchange_is_not_the_next_one_s(server: FaultyHttp, client: BothClients) -> None:
    """A body that the caller reads slowly ends with its own limit; another request has its whole time."""
    server.responses = [stall(OK_HEAD + b"some"), reply(200, b"next")]
    async with client.stream(ask(server, timeout=0.4)) as body:
        assert await anext(body) == b"some"
        assert (await client.send(ask(server))).content == b"next"
        with pytest.raises(ServiceTimeoutError):
            await anext(body)


async def test_a_large_request_to_a_server_that_does_not_read_times_out(send: Any) -> None:
    """Writing is bounded as reading is."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with anyio.fail_after(5), pytest.raises(ServiceTimeoutError):
            await send(HttpRequest(method="POST", url=url, content=bytes(50_000_000), timeout=0.3))


@pytest.mark.parametrize("limit", ["timeout", "connect_timeout", "read_timeout"])
@pytest.mark.parametrize("seconds", [0, -1])
async def test_no_time_is_a_timeout(server: FaultyHttp, send: Any, limit: str, seconds: float) -> None:
    """As what is left of a deadline can be; a socket would take it for "do not wait"."""
    with pytest.raises(ServiceTimeoutError):
        await send(ask(server, **{limit: seconds}))


async def test_a_time_beyond_all_clocks_is_accepted(server: FaultyHttp, send: Any) -> None:
    """A caller without a limit passes a large number."""
    request = ask(server, timeout=1e12, connect_timeout=1e12, read_timeout=1e12)
    assert (await send(request)).status_code == 200
