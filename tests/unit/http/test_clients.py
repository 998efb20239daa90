"""Both clients against a server that misbehaves."""

from __future__ import annotations

import gzip
import logging
import traceback
import zlib
from typing import Any

import anyio
import pytest

from ai_voice_shared.errors import (
    AIVoiceError,
    ConfigurationError,
    ServiceResponseError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from ai_voice_shared.http import HttpRequest
from tests.support.faulty_http import (
    FaultyHttp,
    ask,
    closed_port,
    full_backlog,
    hang_up,
    raw,
    reply,
    reset,
    stall,
    trickle,
)

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


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
