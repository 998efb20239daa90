"""A server that does as it is told, and each client on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import pytest

from ai_voice_shared.http import AsyncHttpClient, HttpClient, HttpRequest, HttpResponse
from tests.support.faulty_http import (
    FaultyHttp,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture
def server() -> Iterator[FaultyHttp]:
    """Give a server that does as it is told."""
    with FaultyHttp() as one:
        yield one


@pytest.fixture(params=["sync", "async"])
async def send(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[Any]:
    """Give each client's `send` in turn, as a coroutine function; the synchronous one runs in a thread."""
    if request.param == "async":
        client = AsyncHttpClient()
        yield client.send
        await client.aclose()
        return
    plain = HttpClient()

    async def in_thread(one: HttpRequest) -> HttpResponse:
        return await anyio.to_thread.run_sync(plain.send, one)

    yield in_thread
    plain.close()
