"""A server with injected faults, and both clients."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from ai_voice_shared.http import AsyncHttpClient, HttpClient, HttpRequest, HttpResponse
from tests.support.certificate import make_loopback_certificate
from tests.support.faulty_http import FaultyHttp

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator


class BothClients:
    """Either client behind one asynchronous interface; the synchronous one runs in a thread."""

    def __init__(self, kind: str, verify: ssl.SSLContext | None = None) -> None:
        self._sync = HttpClient(verify=verify) if kind == "sync" else None
        self._async = AsyncHttpClient(verify=verify)

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request."""
        if self._sync is not None:
            return await anyio.to_thread.run_sync(self._sync.send, request)
        return await self._async.send(request)

    @asynccontextmanager
    async def stream(self, request: HttpRequest) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        """Send a request, and return the chunks of the response's body."""
        if self._sync is None:
            async with self._async.stream(request) as async_stream:
                yield async_stream.aiter_bytes()
            return
        with self._sync.stream(request) as stream:
            chunks = stream.iter_bytes()

            async def iterate_in_thread() -> AsyncGenerator[bytes, None]:
                while (chunk := await anyio.to_thread.run_sync(next, chunks, b"")) != b"":
                    yield chunk

            yield iterate_in_thread()

    async def close(self) -> None:
        """Close the pooled connections."""
        if self._sync is not None:
            self._sync.close()
        await self._async.aclose()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Create a certificate for loopback."""
    return make_loopback_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server() -> Iterator[FaultyHttp]:
    """Start a server."""
    with FaultyHttp() as started:
        yield started


@pytest.fixture
def tls_server(certificate: Any) -> Iterator[FaultyHttp]:
    """Start a server over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with FaultyHttp(tls=context) as started:
        yield started


@pytest.fixture(params=["sync", "async"])
async def client(request: pytest.FixtureRequest, anyio_backend: str, certificate: Any) -> AsyncIterator[BothClients]:
    """Return each client in turn; both trust the certificate of the tests."""
    client = BothClients(request.param, ssl.create_default_context(cafile=certificate[0]))
    yield client
    await client.close()


@pytest.fixture
def send(client: BothClients) -> Any:
    """Return each client's `send` in turn."""
    return client.send


@pytest.fixture
async def pooled_send(anyio_backend: str, certificate: Any) -> AsyncIterator[Any]:
    """Return the `send` of the client that reuses connections; the asynchronous one opens one per request."""
    client = BothClients("sync", ssl.create_default_context(cafile=certificate[0]))
    yield client.send
    await client.close()
