"""Behaviour of the asynchronous client only, which uses httpx."""

from __future__ import annotations

import asyncio
import gc
import socket
import struct
import threading

import anyio
import pytest

from ai_voice_shared.errors import ServiceUnavailableError
from ai_voice_shared.http import AsyncHttpClient, HttpRequest
from tests.support.faulty_http import (
    FaultyHttp,
    ask,
    reply,
    stall,
)

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"


async def test_a_passed_async_client_is_used_and_stays_open(server: FaultyHttp) -> None:
    """A client that the caller passes is used, and only the caller closes it."""
    import httpx

    async with httpx.AsyncClient(trust_env=False, headers={"X-Own": "1"}) as own:
        client = AsyncHttpClient(client=own)
        await client.send(ask(server))
        await client.aclose()
        await client.send(ask(server))
        assert not own.is_closed
    assert [received.headers["x-own"] for received in server.requests] == ["1", "1"]


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_async_client_outlives_event_loops(server: FaultyHttp) -> None:
    """A handler that calls `asyncio.run` in each invocation never gets a connection of a closed event loop."""
    client = AsyncHttpClient()
    for number in range(3):
        server.responses = [reply(200, str(number).encode())]
        assert asyncio.run(client.send(ask(server))).content == str(number).encode()
    asyncio.run(client.aclose())
    assert [received.connection for received in server.requests] == [1, 2, 3]
    # The garbage collector closes the sockets of the closed loops, and warns.
    gc.collect()


async def test_a_cancelled_request_closes_its_connection(server: FaultyHttp) -> None:
    """A cancelled request leaves no half-read connection in the pool."""
    client = AsyncHttpClient()
    server.responses = [stall(OK_HEAD), reply(200, b"fresh")]
    with anyio.move_on_after(0.1) as scope:
        await client.send(ask(server))
    assert scope.cancelled_caught
    assert (await client.send(ask(server))).content == b"fresh"
    assert server.connections == 2
    await client.aclose()


async def test_a_connection_that_breaks_while_a_body_is_sent_leaves_nothing_open() -> None:
    """After a broken upload neither asyncio nor trio warns about an open generator."""

    def break_off(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        peer.recv(100)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()

    client = AsyncHttpClient()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=break_off, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(ServiceUnavailableError):
            await client.send(HttpRequest(method="POST", url=url, content=bytes(20_000_000)))
        thread.join()
    await client.aclose()
    gc.collect()
