"""Reuse of connections by the synchronous client, and surplus bytes, which neither client reads as a response."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from ai_voice_shared.errors import ServiceUnavailableError
from ai_voice_shared.http import AsyncHttpClient, HttpRequest
from tests.support.faulty_http import FaultyHttp, ask, hang_up, late, raw, reply, reset

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.unit.http.conftest import BothClients

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SURPLUS = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nanother"


@pytest.fixture(params=["plain", "tls"])
def either_server(request: pytest.FixtureRequest) -> FaultyHttp:
    """Return the server without and with TLS, in turn."""
    server: FaultyHttp = request.getfixturevalue("tls_server" if request.param == "tls" else "server")
    return server


async def test_connections_are_reused(either_server: FaultyHttp, pooled_send: Any) -> None:
    """Three requests use one connection."""
    either_server.responses = [reply(200, b"x" * 100_000)]
    for _ in range(3):
        assert len((await pooled_send(ask(either_server))).content) == 100_000
    assert [received.connection for received in either_server.requests] == [1, 1, 1]


@pytest.mark.parametrize(
    ("data", "content", "connections"),
    [
        (CHUNKED_HEAD + b"3\r\none\r\n4;x=y\r\nmore\r\n0\r\nTrailer: t\r\n\r\n", b"onemore", [1, 1]),
        (CHUNKED_HEAD + b"0\r\n\r\n", b"", [1, 1]),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 Done\r\n\r\n", b"", [1, 1]),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", b"hi", [1, 2]),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi", [1, 2]),
    ],
    ids=["chunks", "no chunks", "hints", "close", "1.0"],
)
async def test_a_connection_is_reused_after_a_complete_response(
    server: FaultyHttp, pooled_send: Any, data: bytes, content: bytes, connections: list[int]
) -> None:
    """A connection is reused only after a complete response, and only if the server leaves it open."""
    server.responses = [raw(data, keep=True), reply(200, b"next")]
    assert (await pooled_send(ask(server))).content == content
    assert (await pooled_send(ask(server))).content == b"next"
    assert [received.connection for received in server.requests] == connections


FIRST = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    CHUNKED_HEAD + b"2\r\nhi\r\n0\r\n\r\n",
    CHUNKED_HEAD + b"2\r\nhi\r\n0\r\nTrailer: t\r\n\r\n",
    b"HTTP/1.1 204 Done\r\n\r\n",
    b"HTTP/1.1 304 Same\r\nContent-Length: 7\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000,
]
FIRST_IDS = ["length", "chunks", "trailer", "204", "304", "long"]


@pytest.mark.parametrize("surplus", [SURPLUS, SURPLUS[:20], b"x", b"\r\n", SURPLUS * 3000], ids=len)
@pytest.mark.parametrize("first", FIRST, ids=FIRST_IDS)
async def test_a_surplus_response_is_discarded(
    either_server: FaultyHttp, send: Any, first: bytes, surplus: bytes
) -> None:
    """Surplus bytes, whole or partial, are not the response to the next request: it may be another customer's."""
    either_server.responses = [raw(first + surplus, keep=True), reply(200, b"next")]
    await send(ask(either_server))
    assert (await send(ask(either_server))).content == b"next"
    assert [received.connection for received in either_server.requests] == [1, 2]


@pytest.mark.parametrize("first", FIRST, ids=FIRST_IDS)
async def test_a_late_surplus_response_is_discarded(either_server: FaultyHttp, send: Any, first: bytes) -> None:
    """A surplus response that is received while the connection is idle is discarded."""
    either_server.responses = [late(first, SURPLUS), reply(200, b"next")]
    await send(ask(either_server))
    either_server.release.set()
    await anyio.to_thread.run_sync(either_server.released.wait, 10)
    assert (await send(ask(either_server))).content == b"next"
    assert [received.connection for received in either_server.requests] == [1, 2]


async def test_a_partial_tls_record_after_a_response_is_discarded(send: Any, certificate: Any) -> None:
    """A partial TLS record after a response closes the connection, because its rest would precede the next one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    connections = []

    def serve(listener: socket.socket) -> None:
        for number in range(2):
            peer, _ = listener.accept()
            connections.append(peer)
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = context.wrap_bio(incoming, outgoing, server_side=True)
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    peer.sendall(outgoing.read())
                    incoming.write(peer.recv(65536))
            peer.sendall(outgoing.read())
            while True:
                try:
                    tls.read(65536)
                    break
                except ssl.SSLWantReadError:
                    incoming.write(peer.recv(65536))
            tls.write(reply_bytes(b"first" if number == 0 else b"next"))
            if number == 0:
                whole = outgoing.read()
                tls.write(SURPLUS)
                # In one segment, so that both are received at once.
                peer.sendall(whole + outgoing.read()[:20])
            else:
                peer.sendall(outgoing.read())

    def reply_bytes(body: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        request = HttpRequest(method="GET", url=f"https://127.0.0.1:{listener.getsockname()[1]}/", read_timeout=5)
        assert (await send(request)).content == b"first"
        assert (await send(request)).content == b"next"
        thread.join()
        for peer in connections:
            peer.close()
    assert len(connections) == 2


@pytest.mark.parametrize(
    ("method", "data"),
    [
        ("GET", b"HTTP/1.1 304 Same\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 Done\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n"], ids=["none", "plain", "chunked"])
async def test_a_response_without_a_body_by_definition_has_none(
    server: FaultyHttp, pooled_send: Any, method: str, data: bytes, body: bytes
) -> None:
    """A response that cannot have a body (RFC 9112 section 6.3) has none, and bytes after it are discarded."""
    server.responses = [raw(data + body, keep=True), reply(200, b"next")]
    assert (await pooled_send(ask(server, method=method, read_timeout=1.0))).content == b""
    assert (await pooled_send(ask(server))).content == b"next"
    assert [received.connection for received in server.requests] == [1, 2 if body else 1]


async def test_a_stale_pooled_socket_is_replaced(server: FaultyHttp, send: Any) -> None:
    """A pooled connection that the server has closed is replaced without an error."""
    server.responses = [reply(200, b"1", keep=False), reply(200, b"2")]
    assert (await send(ask(server))).content == b"1"
    server.next_connection_ended()
    assert (await send(ask(server, method="POST", content=b"x"))).content == b"2"
    assert [received.connection for received in server.requests] == [1, 2]


@pytest.mark.parametrize("respond", [reset, hang_up], ids=["reset", "hang up"])
async def test_a_pooled_socket_that_dies_in_use_is_replaced(server: FaultyHttp, pooled_send: Any, respond: Any) -> None:
    """An idempotent request is sent again if its pooled connection breaks in use."""
    server.responses = [reply(200, b"1"), respond, reply(200, b"2")]
    await pooled_send(ask(server))
    assert (await pooled_send(ask(server, method="POST", idempotent=True))).content == b"2"
    assert [received.connection for received in server.requests] == [1, 1, 2]


async def test_a_request_that_is_not_idempotent_is_sent_once(server: FaultyHttp, send: Any) -> None:
    """A POST is not sent again, because it may have been processed before its connection broke."""
    server.responses = [reply(200), reset, reply(200)]
    await send(ask(server))
    with pytest.raises(ServiceUnavailableError):
        await send(ask(server, method="POST"))
    assert len(server.requests) == 2


async def test_a_new_connection_that_fails_after_a_dead_one_is_an_error(server: FaultyHttp, pooled_send: Any) -> None:
    """Only pooled connections are replaced, not a new one that fails."""
    server.responses = [reply(200), reset]
    await pooled_send(ask(server))
    with pytest.raises(ServiceUnavailableError):
        await pooled_send(ask(server))
    assert [received.connection for received in server.requests] == [1, 1, 2]


async def test_a_pool_of_dead_sockets_is_replaced(server: FaultyHttp, pooled_send: Any) -> None:
    """If all pooled connections are dead, as after a freeze, the second attempt uses a new one."""
    count = 5
    barrier = threading.Barrier(count)

    def meet(server: FaultyHttp, peer: socket.socket, received: Any) -> bool:
        barrier.wait(10)
        return reply(200)(server, peer, received)

    server.responses = [*[meet] * count, reset, reply(200, b"there")]
    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(pooled_send, ask(server))
    assert (await pooled_send(ask(server))).content == b"there"
    assert (server.connections, len(server.requests)) == (count + 1, count + 2)


async def test_a_partially_read_body_closes_the_connection(server: FaultyHttp, client: BothClients) -> None:
    """An error that the caller raises inside the block propagates, and the connection is closed."""
    server.responses = [reply(200, bytes(3_000_000)), reply(200, b"next")]

    async def leave() -> None:
        async with client.stream(ask(server, max_bytes=1 << 30)) as chunks, aclosing(chunks):
            await anext(chunks)
            raise KeyError

    with pytest.raises(KeyError):
        await leave()
    assert (await client.send(ask(server))).content == b"next"
    assert server.connections == 2


@pytest.mark.parametrize("head", [b"Content-Length: 10000000", b"Transfer-Encoding: chunked"])
async def test_reading_a_closed_stream_is_an_error(server: FaultyHttp, client: BothClients, head: bytes) -> None:
    """Reading after the block is an error, so that a partial body is not taken for the whole."""
    chunk = b"186a0\r\n" + b"x" * 100_000 + b"\r\n"
    server.responses = [raw(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + chunk * 100)]
    async with client.stream(ask(server, max_bytes=1 << 30)) as chunks:
        await anext(chunks)
    with pytest.raises(ServiceUnavailableError):
        await _read_all(chunks)


async def _read_all(chunks: AsyncIterator[bytes]) -> None:
    async for _ in chunks:
        pass


async def test_a_closed_client_opens_new_connections(server: FaultyHttp, client: BothClients) -> None:
    """A closed client, as after a freeze, opens new connections."""
    await client.send(ask(server))
    await client.close()
    await client.close()
    await client.send(ask(server))
    assert [received.connection for received in server.requests] == [1, 2]


async def test_the_asynchronous_client_opens_a_connection_for_each_request(server: FaultyHttp) -> None:
    """The asynchronous client uses each connection once, so that no surplus response is read."""
    client = AsyncHttpClient()
    server.responses = [raw(FIRST[0] + SURPLUS, keep=True), reply(200, b"next"), reply(200, b"last")]
    assert [(await client.send(ask(server))).content for _ in range(3)] == [b"hi", b"next", b"last"]
    assert [received.connection for received in server.requests] == [1, 2, 3]
