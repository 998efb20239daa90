"""The HTTP seam against a server that misbehaves, for the synchronous and the asynchronous client."""

from __future__ import annotations

import asyncio
import gc
import gzip
import logging
import socket
import threading
import time
import traceback
import zlib
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from ai_voice_shared import http
from ai_voice_shared.errors import (
    AIVoiceError,
    ConfigurationError,
    ServiceResponseError,
    ServiceTimeoutError,
    ServiceUnavailableError,
    ValidationError,
)
from ai_voice_shared.http import AsyncHttpClient, HttpClient, HttpRequest, HttpResponse
from tests.support.faulty_http import (
    FaultyHttp,
    closed_port,
    echo,
    full_backlog,
    hang_up,
    raw,
    reply,
    reset,
    stall,
    trickle,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


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


def ask(server: FaultyHttp, **changes: Any) -> HttpRequest:
    """Make a request with short time limits."""
    values: dict[str, Any] = {
        "method": "GET",
        "url": f"{server.url}/x",
        "connect_timeout": 5.0,
        "read_timeout": 5.0,
        "timeout": 5.0,
        "service": "the-service",
    }
    return HttpRequest(**(values | changes))


async def test_an_answer_is_read_in_full(server: FaultyHttp, send: Any) -> None:
    """Status, headers by lower-case name, and body."""
    server.answers = [reply(418, {"a": 1}, {"X-Kind": "tea"})]
    answer = await send(ask(server, method="POST", content=b"hello", headers={"X-Mine": "1"}))
    assert (answer.status_code, answer.headers["x-kind"], answer.json()) == (418, "tea", {"a": 1})
    [asked] = server.asked
    assert (asked.method, asked.target, asked.body, asked.headers["x-mine"]) == ("POST", "/x", b"hello", "1")


async def test_connections_are_reused(server: FaultyHttp, send: Any) -> None:
    """Three requests go over one connection."""
    for _ in range(3):
        await send(ask(server))
    assert [asked.connection for asked in server.asked] == [1, 1, 1]


async def test_a_refused_connection_is_unavailable(send: Any) -> None:
    """Nobody listens; the error says so in the system's word."""
    request = HttpRequest(method="GET", url=f"http://127.0.0.1:{closed_port()}/", service="the-service")
    with pytest.raises(ServiceUnavailableError, match=r"the-service could not be reached \(ConnectError"):
        await send(request)


async def test_a_connection_that_is_not_made_times_out(send: Any) -> None:
    """The connect timeout holds where nobody accepts."""
    with full_backlog() as port, pytest.raises(ServiceTimeoutError, match="ConnectTimeout"):
        await send(HttpRequest(method="GET", url=f"http://127.0.0.1:{port}/", connect_timeout=0.1))


async def test_the_whole_limit_holds_for_connecting(send: Any) -> None:
    """A total that is shorter than the connect timeout wins."""
    with full_backlog() as port, pytest.raises(ServiceTimeoutError):
        await send(HttpRequest(method="GET", url=f"http://127.0.0.1:{port}/", connect_timeout=60, timeout=0.1))


@pytest.mark.parametrize("answer", [reset, hang_up], ids=["reset", "hang up"])
async def test_a_broken_fresh_connection_is_unavailable(server: FaultyHttp, send: Any, answer: Any) -> None:
    """The request is not sent anew on its own: whether that is done is for whoever retries."""
    server.answers = [answer]
    with pytest.raises(ServiceUnavailableError):
        await send(ask(server))
    assert len(server.asked) == 1


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
    server.answers = [answer]
    with pytest.raises(ServiceTimeoutError):
        await send(ask(server, read_timeout=0.1))


@pytest.mark.parametrize(
    "answer",
    [
        trickle(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000),
        trickle(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000),
        trickle(OK_HEAD + bytes(1000), at_once=len(OK_HEAD)),
        trickle(CHUNKED_HEAD + b"5;" + b"x" * 1000, at_once=len(CHUNKED_HEAD)),
        trickle(CHUNKED_HEAD + b"1\r\nx\r\n" * 1000, at_once=len(CHUNKED_HEAD)),
    ],
    ids=["headers", "hints", "body", "chunk extension", "chunks"],
)
async def test_trickling_ends_with_the_whole_limit(server: FaultyHttp, send: Any, answer: Any) -> None:
    """No read takes long, and still all of them end with the exchange."""
    server.answers = [answer]
    with anyio.fail_after(4), pytest.raises(ServiceTimeoutError):
        await send(ask(server, timeout=0.3))


async def test_a_compressed_trickle_ends_with_the_whole_limit(server: FaultyHttp, send: Any) -> None:
    """Also where what trickles decodes to nothing."""
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n"
    # A gzip header whose file name does not end.
    server.answers = [trickle(head + b"\x1f\x8b\x08\x08" + bytes(5) + b"\x03" + b"n" * 900, at_once=len(head))]
    with anyio.fail_after(4), pytest.raises(ServiceTimeoutError):
        await send(ask(server, timeout=0.3))


async def test_a_body_is_cut_off_at_its_cap(server: FaultyHttp, send: Any) -> None:
    """10 MB are not taken in, and the next request is not troubled by what is left of them."""
    server.answers = [reply(200, bytes(10_000_000)), reply(200, b"small")]
    with pytest.raises(ServiceResponseError, match="more than 65536 bytes"):
        await send(ask(server, max_bytes=65536))
    assert (await send(ask(server))).content == b"small"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_compressed_body_is_decoded(server: FaultyHttp, send: Any, encoding: str) -> None:
    """What was asked for in `Accept-Encoding` is understood."""
    packed = gzip.compress(b"hello " * 50_000) if encoding == "gzip" else zlib.compress(b"hello " * 50_000)
    server.answers = [reply(200, packed, {"Content-Encoding": encoding})]
    assert (await send(ask(server))).content == b"hello " * 50_000
    assert server.asked[0].headers["accept-encoding"] == "gzip, deflate"


async def test_a_compressed_body_is_cut_off_at_its_cap(server: FaultyHttp, send: Any) -> None:
    """A bomb of 50 MB in 50 KB goes off in pieces, of which the first is one too many."""
    server.answers = [reply(200, gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"})]
    with pytest.raises(ServiceResponseError, match="more than 1000 bytes"):
        await send(ask(server, max_bytes=1000))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"no gzip at all"),
        ("gzip", gzip.compress(b"hello")[:-6]),
        ("gzip", gzip.compress(b"hello") + b"more"),
        ("br", b"whatever"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"hello"))),
    ],
    ids=["garbage", "truncated", "trailing", "unknown", "twice"],
)
async def test_a_body_that_is_not_in_its_encoding_is_refused(
    server: FaultyHttp, send: Any, encoding: str, body: bytes
) -> None:
    """Nothing half-decoded is given out."""
    server.answers = [reply(200, body, {"Content-Encoding": encoding})]
    with pytest.raises(ServiceResponseError):
        await send(ask(server))


async def test_an_empty_answer_needs_no_encoding(server: FaultyHttp, send: Any) -> None:
    """A HEAD's or a 204's Content-Encoding speaks of a body that is not there."""
    server.answers = [raw(b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n")]
    assert (await send(ask(server))).content == b""


@pytest.mark.parametrize(
    "data",
    [OK_HEAD + b"some", CHUNKED_HEAD + b"5\r\nhello\r\n", b"HTTP/1.1 200 OK\r\nContent-"],
    ids=["by length", "by chunks", "headers"],
)
async def test_a_truncated_answer_is_unavailable(server: FaultyHttp, send: Any, data: bytes) -> None:
    """Half an answer is none, and asking again can help."""
    server.answers = [raw(data)]
    with pytest.raises(ServiceUnavailableError) as caught:
        await send(ask(server))
    assert caught.value.retryable


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
        CHUNKED_HEAD + b"zz\r\nhello\r\n",
    ],
    ids=["ssh", "tls", "length", "header", "endless header", "chunk"],
)
async def test_what_is_no_http_is_no_answer(server: FaultyHttp, send: Any, data: bytes) -> None:
    """Asking again would not help."""
    server.answers = [raw(data)]
    with pytest.raises(ServiceResponseError) as caught:
        await send(ask(server))
    assert not caught.value.retryable


async def test_redirects_are_not_followed(server: FaultyHttp, send: Any) -> None:
    """The other host is never asked."""
    with FaultyHttp() as other:
        server.answers = [reply(307, b"", {"Location": f"{other.url}/y"})]
        answer = await send(ask(server, headers={"Authorization": "secret"}))
        assert answer.status_code == 307
        assert other.connections == 0


async def test_environment_proxies_are_not_used(server: FaultyHttp, send: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a layer sends goes where it is told."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    assert (await send(ask(server))).status_code == 200


async def test_a_stale_pooled_socket_is_replaced(server: FaultyHttp, send: Any) -> None:
    """A keep-alive connection that the server has closed while it was idle is not noticed by the caller."""
    server.answers = [reply(200, b"1", keep=False), reply(200, b"2")]
    assert (await send(ask(server))).content == b"1"
    server.next_connection_ended()
    assert (await send(ask(server, method="POST", content=b"x"))).content == b"2"
    assert [asked.connection for asked in server.asked] == [1, 2]


@pytest.mark.parametrize("answer", [reset, hang_up], ids=["reset", "hang up"])
async def test_a_pooled_socket_that_dies_in_use_is_replaced(server: FaultyHttp, send: Any, answer: Any) -> None:
    """A pooled connection that breaks only when it is used costs a repeatable request nothing."""
    server.answers = [reply(200, b"1"), answer, reply(200, b"2")]
    await send(ask(server))
    assert (await send(ask(server, method="POST", repeatable=True))).content == b"2"
    assert [asked.connection for asked in server.asked] == [1, 1, 2]


async def test_what_may_not_be_repeated_is_not(server: FaultyHttp, send: Any) -> None:
    """A POST may have been done before its connection broke."""
    server.answers = [reply(200), reset, reply(200)]
    await send(ask(server))
    with pytest.raises(ServiceUnavailableError):
        await send(ask(server, method="POST"))
    assert len(server.asked) == 2


async def test_a_fresh_connection_that_fails_in_place_of_a_dead_one_is_an_error(server: FaultyHttp, send: Any) -> None:
    """Only pooled connections are replaced."""
    server.answers = [reply(200), reset]
    await send(ask(server))
    with pytest.raises(ServiceUnavailableError):
        await send(ask(server))
    assert [asked.connection for asked in server.asked] == [1, 1, 2]


def test_a_pool_of_dead_sockets_is_replaced(server: FaultyHttp) -> None:
    """After a freeze all of them are dead, and one request gets past all of them."""
    count = 5
    together = threading.Barrier(count)

    def meet(server: FaultyHttp, peer: socket.socket, asked: Any) -> bool:
        together.wait(10)
        return reply(200)(server, peer, asked)

    server.answers = [*[meet] * count, *[reset] * count, reply(200, b"there")]
    client = HttpClient()
    threads = [threading.Thread(target=client.send, args=(ask(server),)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.send(ask(server)).content == b"there"
    assert server.connections == count + 1
    client.close()


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://[::1", {}),
        ("ftp://127.0.0.1/secret", {}),
        ("secret", {}),
        ("http://127.0.0.1:port/secret", {}),
        ("http://127.0.0.1:9/", {"X-Secret": "secret\nInjected: secret"}),
        ("http://127.0.0.1:9/", {"X-Sec ret": "secret"}),
        ("http://127.0.0.1:9/", {"X-Secret": "secret\u20ac"}),
    ],
)
async def test_a_request_that_is_none_says_so(send: Any, url: str, headers: dict[str, str]) -> None:
    """It is nobody else's fault, and the error does not repeat it."""
    if url.endswith(":9/"):
        with FaultyHttp() as server:
            request = HttpRequest(method="GET", url=server.url, headers=headers)
            with pytest.raises(ConfigurationError) as caught:
                await send(request)
            assert server.asked == []
    else:
        with pytest.raises(ConfigurationError) as caught:
            await send(HttpRequest(method="GET", url=url, headers=headers))
    assert "secret" not in "".join(traceback.format_exception(caught.value))


async def test_errors_and_logs_repeat_nothing(server: FaultyHttp, send: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Neither what was sent nor what came stands in an error, its causes, a repr or a log line of any level."""
    caplog.set_level(logging.DEBUG)
    server.answers = [
        raw(b"HTTP/1.1 200 OK\r\nsecret header\r\n\r\n"),
        raw(b"secret\r\n\r\n"),
        raw(CHUNKED_HEAD + b"secret\r\n"),
        raw(b"HTTP/1.1 200 secret\r\nX: secret\r\nContent-Length: 99\r\n\r\nsecret"),
        reply(302, b"", {"Location": "http://127.0.0.1/secret"}),
        reset,
    ]
    shown = ""
    for _ in range(6):
        request = ask(
            server, url=f"{server.url}/secret?a=secret", headers={"X": "secret"}, content=b"secret", method="POST"
        )
        try:
            shown += repr(await send(request))
        except AIVoiceError as error:
            shown += "".join(traceback.format_exception(error)) + repr(vars(error)) + repr(request)
    shown += "".join(str(vars(record)) for record in caplog.records)
    assert len(server.asked) == 6
    assert "secret" not in shown


async def test_others_may_log_their_own_requests(
    server: FaultyHttp, send: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Only this package's requests are kept out of httpx's logs."""
    import httpx

    caplog.set_level(logging.INFO)
    await send(ask(server))
    assert caplog.records == []
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(server.url)
    assert [record.name for record in caplog.records] == ["httpx"]


def test_one_client_serves_threads(server: FaultyHttp) -> None:
    """Twenty threads at once get each its own answer, over one client that is made once."""
    server.answers = [echo]
    client = HttpClient()
    made = []
    original = http._make_client

    def counted(verify: Any) -> Any:
        made.append(1)
        return original(verify)

    results: list[bytes] = []

    def work(number: int) -> None:
        body = str(number).encode()
        results.append(client.send(ask(server, method="POST", content=body)).content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "_make_client", counted)
        threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(results, key=int) == [str(number).encode() for number in range(20)]
    assert made == [1]
    client.close()


def test_a_closed_client_opens_new_connections(server: FaultyHttp) -> None:
    """Closing is no end: it is what one does after a freeze."""
    client = HttpClient()
    client.warm_up()
    client.send(ask(server))
    client.close()
    client.close()
    client.send(ask(server))
    client.close()
    assert [asked.connection for asked in server.asked] == [1, 2]


def test_a_given_client_is_used_and_stays_open(server: FaultyHttp) -> None:
    """Whoever made it closes it."""
    import httpx

    with httpx.Client(trust_env=False, headers={"X-Own": "1"}) as own:
        client = HttpClient(client=own)
        client.send(ask(server))
        client.close()
        client.send(ask(server))
        assert not own.is_closed
    assert [asked.headers["x-own"] for asked in server.asked] == ["1", "1"]


async def test_a_given_async_client_is_used_and_stays_open(server: FaultyHttp) -> None:
    """Whoever made it closes it."""
    import httpx

    async with httpx.AsyncClient(trust_env=False, headers={"X-Own": "1"}) as own:
        client = AsyncHttpClient(client=own)
        await client.send(ask(server))
        await client.aclose()
        await client.send(ask(server))
        assert not own.is_closed
    assert [asked.headers["x-own"] for asked in server.asked] == ["1", "1"]


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_async_client_lives_through_event_loops(server: FaultyHttp) -> None:
    """A handler that calls `asyncio.run` in each invocation does not meet connections of a loop that is gone."""
    client = AsyncHttpClient()
    for number in range(3):
        server.answers = [reply(200, str(number).encode())]
        assert asyncio.run(client.send(ask(server))).content == str(number).encode()
    asyncio.run(client.aclose())
    assert [asked.connection for asked in server.asked] == [1, 2, 3]
    # The sockets of the loops that ended are closed by the collector, which says so.
    gc.collect()


async def test_cancelling_gives_the_connection_back(server: FaultyHttp) -> None:
    """A request that is cancelled leaves no half-read connection in the pool."""
    client = AsyncHttpClient()
    server.answers = [stall(OK_HEAD), reply(200, b"fresh")]
    with anyio.move_on_after(0.1) as scope:
        await client.send(ask(server))
    assert scope.cancelled_caught
    assert (await client.send(ask(server))).content == b"fresh"
    assert server.connections == 2
    await client.aclose()


def test_a_body_can_be_left_half_read(server: FaultyHttp) -> None:
    """What a caller raises inside the block is its own, and the connection is closed."""
    server.answers = [reply(200, bytes(3_000_000)), reply(200, b"next")]
    client = HttpClient()

    def leave() -> None:
        with client.stream(ask(server)) as stream:
            next(stream.iter_bytes())
            raise KeyError

    with pytest.raises(KeyError):
        leave()
    assert client.send(ask(server)).content == b"next"
    client.close()


def test_the_limit_of_one_exchange_is_not_the_next_one_s(server: FaultyHttp) -> None:
    """A body that is read slowly by the caller ends with its own limit; a new request has its whole time."""
    server.answers = [stall(OK_HEAD + b"some"), reply(200, b"next")]
    client = HttpClient()
    with client.stream(ask(server, timeout=0.2)) as stream:
        body = stream.iter_bytes()
        assert next(body) == b"some"
        assert client.send(ask(server)).content == b"next"
        with pytest.raises(ServiceTimeoutError):
            next(body)
    client.close()


def test_a_large_request_to_a_server_that_does_not_read_times_out() -> None:
    """Writing is bounded as reading is."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = HttpClient()
        began = time.monotonic()
        with pytest.raises(ServiceTimeoutError):
            client.send(
                HttpRequest(
                    method="POST",
                    url=f"http://127.0.0.1:{listener.getsockname()[1]}/",
                    content=bytes(50_000_000),
                    timeout=0.3,
                )
            )
        assert time.monotonic() - began < 5
        client.close()


def test_the_shared_clients_are_one_per_process_and_survive_a_freeze(
    server: FaultyHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`close_connections` leaves them usable."""
    monkeypatch.setattr(http, "_shared", {})
    client = http.shared_http_client()
    assert http.shared_http_client() is client
    assert http.shared_async_http_client() is http.shared_async_http_client()
    client.send(ask(server))
    http.close_connections()
    client.send(ask(server))
    assert [asked.connection for asked in server.asked] == [1, 2]
    http.close_connections()


def test_an_untrusted_certificate_is_named(tmp_path: Any) -> None:
    """A TLS error says what is wrong with the certificate."""
    import ssl

    from tests.support.certificate import make_loopback_certificate

    certificate, key = make_loopback_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            peer, _ = listener.accept()
            try:
                context.wrap_socket(peer, server_side=True).close()
            except OSError:
                peer.close()

        thread = threading.Thread(target=serve)
        thread.start()
        client = HttpClient()
        with pytest.raises(ServiceUnavailableError, match=r"ConnectError: .*certificate"):
            client.send(HttpRequest(method="GET", url=f"https://127.0.0.1:{listener.getsockname()[1]}/"))
        thread.join()
        client.close()


def test_tls_is_bounded_by_the_exchange_and_works(tmp_path: Any) -> None:
    """A trickle over TLS ends with the exchange as well."""
    import ssl

    from tests.support.certificate import make_loopback_certificate

    certificate, key = make_loopback_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=certificate)
    closing = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            peer, _ = listener.accept()
            try:
                with context.wrap_socket(peer, server_side=True) as secure:
                    secure.recv(65536)
                    while not closing.wait(0.02):
                        secure.sendall(b"X")
            except OSError:
                peer.close()

        thread = threading.Thread(target=serve)
        thread.start()
        client = HttpClient(verify=trusting)
        with pytest.raises(ServiceTimeoutError):
            client.send(HttpRequest(method="GET", url=f"https://127.0.0.1:{listener.getsockname()[1]}/", timeout=0.5))
        closing.set()
        thread.join()
        client.close()


def test_a_request_s_repr_shows_nothing_of_it() -> None:
    """URLs, headers and bodies carry what no log may have."""
    request = HttpRequest(method="POST", url="http://h/?q=secret", headers={"A": "secret"}, content=b"secret")
    assert repr(request) == "HttpRequest(POST, service='')"
    assert repr(HttpResponse(200, {"a": "secret"}, b"secret")) == "HttpResponse(200, 6 bytes)"


@pytest.mark.parametrize(
    ("method", "repeatable", "expected"),
    [("GET", None, True), ("put", None, True), ("POST", None, False), ("POST", True, True), ("GET", False, False)],
)
def test_what_is_repeatable_goes_by_the_method_unless_it_is_said(
    method: str, *, repeatable: bool | None, expected: bool
) -> None:
    """RFC 9110 section 9.2.2."""
    assert HttpRequest(method=method, url="http://h/", repeatable=repeatable).is_repeatable() is expected


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("", None, "https://h/v1"),
        ("/a b/\u00e9", {"q": "x y"}, "https://h/v1/a%20b/%C3%A9?q=x%20y"),
        ("a?b#c%", {"a/b": "&=+"}, "https://h/v1/a%3Fb%23c%25?a%2Fb=%26%3D%2B"),
        ("..a/.b/c..", None, "https://h/v1/..a/.b/c.."),
    ],
)
def test_urls_are_encoded_part_by_part(path: str, query: dict[str, str] | None, expected: str) -> None:
    """What is data stays data."""
    assert http.encoded_url("https://h/v1/", path, query) == expected


@pytest.mark.parametrize("path", ["..", "/../admin", "subjects/../../admin", "./a", "a/."])
def test_a_path_does_not_lead_out_of_its_base(path: str) -> None:
    """HTTP clients resolve dots before they send."""
    with pytest.raises(ValidationError):
        http.encoded_url("https://h/v1", path)
