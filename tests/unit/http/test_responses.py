"""Valid and invalid responses, as both clients read them."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest

from ai_voice_shared.errors import ServiceResponseError, ServiceUnavailableError
from tests.support.faulty_http import FaultyHttp, ask, raw, reply

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

HELLO = b"hello " * 50_000
OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_a_body_above_the_limit_is_an_error(server: FaultyHttp, send: Any) -> None:
    """A body above the limit is not read to its end, and its rest does not affect the next request."""
    server.responses = [reply(200, bytes(10_000_000)), reply(200, b"small")]
    with pytest.raises(ServiceResponseError, match="more than 65536 bytes"):
        await send(ask(server, max_bytes=65536))
    assert (await send(ask(server))).content == b"small"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(HELLO),
        gzip.compress(HELLO[:6]) + gzip.compress(HELLO[6:]),
        gzip.compress(HELLO) + bytes(1000),
        gzip.compress(HELLO[:6]) + bytes(100) + gzip.compress(HELLO[6:]),
    ],
    ids=["one member", "two members", "padded", "padded members"],
)
async def test_a_compressed_body_is_decoded(server: FaultyHttp, send: Any, encoding: str, body: bytes) -> None:
    """A body in the encoding that `Accept-Encoding` offers is decoded in all its variants."""
    server.responses = [reply(200, body, {"Content-Encoding": encoding})]
    assert (await send(ask(server))).content == HELLO
    assert server.requests[0].headers["accept-encoding"] == "gzip"


async def test_a_compressed_body_in_chunks_is_decoded(server: FaultyHttp, send: Any) -> None:
    """A compressed body is decoded wherever its chunks begin."""
    body = gzip.compress(b"one") + bytes(3) + gzip.compress(b"two") + bytes(3)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.responses = [raw(head + chunks + b"0\r\n\r\n")]
    assert (await send(ask(server))).content == b"onetwo"


async def test_a_compressed_body_above_the_limit_is_an_error(server: FaultyHttp, send: Any) -> None:
    """A decompression bomb of 50 MB in 50 kB ends at the limit, because it is expanded in chunks."""
    server.responses = [reply(200, gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"})]
    with pytest.raises(ServiceResponseError, match="more than 1000 bytes"):
        await send(ask(server, max_bytes=1000))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"not gzip at all"),
        ("gzip", gzip.compress(b"hello")[:-6]),
        ("gzip", gzip.compress(b"hello") + b"more"),
        ("gzip", gzip.compress(b"hello") + gzip.compress(b"more")[:-1]),
        ("br", b"whatever"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"hello"))),
        ("deflate", zlib.compress(b"hello")),
    ],
    ids=["garbage", "truncated", "trailing", "half a member", "unknown", "twice", "not offered"],
)
async def test_a_body_that_does_not_match_its_encoding_is_rejected(
    server: FaultyHttp, send: Any, encoding: str, body: bytes
) -> None:
    """A body that does not match its content encoding is an error, not a partial body."""
    server.responses = [reply(200, body, {"Content-Encoding": encoding})]
    with pytest.raises(ServiceResponseError):
        await send(ask(server))


async def test_an_empty_response_needs_no_encoding(server: FaultyHttp, send: Any) -> None:
    """An empty response with a Content-Encoding, as to HEAD or with 204, is an empty body."""
    server.responses = [raw(b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n")]
    assert (await send(ask(server))).content == b""


async def test_a_body_without_a_length_ends_with_the_connection(server: FaultyHttp, send: Any) -> None:
    """A body without a length ends with the connection, as in HTTP/1.0."""
    server.responses = [raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x\r\n\r\n" * 20_000)]
    assert (await send(ask(server))).content == b"x\r\n\r\n" * 20_000


async def test_a_body_may_contain_empty_lines(server: FaultyHttp, send: Any) -> None:
    """Empty lines do not end a body with a length or in chunks."""
    body = b"a\n\n\r\n\r\nb\r\n\r\n0\r\n\r\n" * 1000
    chunked = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:]))
    server.responses = [reply(200, body), raw(CHUNKED_HEAD + chunked + b"0\r\n\r\n", keep=True), reply(200, b"next")]
    assert [(await send(ask(server))).content for _ in range(3)] == [body, body, b"next"]


async def test_a_repeated_header_is_joined(server: FaultyHttp, send: Any) -> None:
    """Repeated headers are joined whatever their case, and a folded line is one value."""
    server.responses = [
        raw(b"HTTP/1.1 204 x\r\nX-A: 1\r\nx-a: 2\r\nX-B: a\r\n  b\r\nX-C: \xc3\xa9\r\nX-D: \xe9\r\n\r\n")
    ]
    headers = (await send(ask(server))).headers
    assert headers == {"x-a": "1, 2", "x-b": "a b", "x-c": "\u00e9", "x-d": "\u00e9"}


@pytest.mark.parametrize(
    "interim",
    [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 199 x\r\n\r\n"],
)
async def test_interim_responses_are_skipped(server: FaultyHttp, send: Any, interim: bytes) -> None:
    """Interim responses are skipped, and the next request gets its own response."""
    server.responses = [raw(interim * 3 + b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nhi", keep=True), reply(200)]
    response = await send(ask(server))
    assert (response.status_code, response.content, response.headers) == (404, b"hi", {"content-length": "2"})
    assert (await send(ask(server))).status_code == 200


@pytest.mark.parametrize(
    "data",
    [
        OK_HEAD + b"some",
        CHUNKED_HEAD + b"5\r\nhello\r\n",
        CHUNKED_HEAD + b"5\r\nhel",
        CHUNKED_HEAD + b"5\r\nhello\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\nContent-",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"",
    ],
    ids=["by length", "by chunks", "chunk", "trailer", "header", "headers", "status", "interim", "nothing"],
)
async def test_a_truncated_response_is_unavailable(server: FaultyHttp, send: Any, data: bytes) -> None:
    """A truncated response is a retryable outage."""
    server.responses = [raw(data)]
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
        b"HTTP/1.1 200 OK\r\n folded: header\r\n\r\n",
    ],
    ids=["ssh", "tls", "length", "header", "continuation"],
)
async def test_a_response_that_is_not_http_is_rejected(server: FaultyHttp, send: Any, data: bytes) -> None:
    """A response that is not valid HTTP is an error that is not retryable."""
    server.responses = [raw(data)]
    with pytest.raises(ServiceResponseError) as caught:
        await send(ask(server))
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "headers",
    [
        b"X: " + b"x" * 200_000,
        b"".join(b"X-%d: %b\r\n" % (number, b"x" * 60_000) for number in range(90)) + b"\r\n",
        b"X: " + b"x" * 170_000 + b"\r\n\r\n",
    ],
    ids=["endless header", "90 of 60 kB", "one of 170 kB"],
)
@pytest.mark.parametrize("status", [b"200 OK", b"103 Early Hints"])
async def test_headers_above_the_limit_are_rejected(
    server: FaultyHttp, send: Any, headers: bytes, status: bytes
) -> None:
    """Headers, including those of interim responses, are limited to 64 kB (in httpcore to some 100 kB)."""
    server.responses = [raw(b"HTTP/1.1 " + status + b"\r\n" + headers + b"HTTP/1.1 200 OK\r\n\r\n")]
    with pytest.raises(ServiceResponseError):
        await send(ask(server))


async def test_many_headers_below_the_limit_are_read(server: FaultyHttp, send: Any) -> None:
    """90 headers of 600 bytes are read."""
    sent = {f"x-{number}": "x" * 600 for number in range(90)}
    server.responses = [reply(200, b"hi", sent)]
    assert sent.items() <= (await send(ask(server))).headers.items()


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 4\r\nContent-Length: 5\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length : 4\r\n",
        b"Content-Length: " + b"4" * 5000 + b"\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    ],
)
async def test_a_body_of_ambiguous_length_is_rejected(server: FaultyHttp, send: Any, head: bytes) -> None:
    """A body of ambiguous length, which permits request smuggling, is rejected (RFC 9112 section 6.3)."""
    server.responses = [raw(b"HTTP/1.1 200 OK\r\n" + head + b"\r\nbody")]
    with pytest.raises(ServiceResponseError):
        await send(ask(server))


@pytest.mark.parametrize("size", [b"-1", b"zz", b"-ffffffff"])
async def test_an_invalid_chunk_size_is_an_error(server: FaultyHttp, send: Any, size: bytes) -> None:
    """An invalid chunk size is an error; -1 would be read until the connection ends, beyond the limit."""
    server.responses = [raw(CHUNKED_HEAD + size + b"\r\nbody\r\n0\r\n\r\n")]
    with pytest.raises((ServiceResponseError, ServiceUnavailableError)):
        await send(ask(server))


async def test_a_repeated_equal_length_is_accepted(server: FaultyHttp, send: Any) -> None:
    """A Content-Length with the same value twice is accepted (RFC 9110 section 8.6)."""
    server.responses = [raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi", keep=True), reply(200, b"next")]
    assert (await send(ask(server, read_timeout=1.0))).content == b"hi"
    assert (await send(ask(server))).content == b"next"


@pytest.mark.parametrize("more", [b"", b"Content-Length: 3\r\n"])
async def test_chunk_sizes_are_never_part_of_the_body(server: FaultyHttp, send: Any, more: bytes) -> None:
    """A transfer coding with trailing white space is decoded or rejected."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked \r\n" + more + b"\r\n"
    server.responses = [raw(head + b"2\r\nhi\r\n0\r\n\r\n")]
    try:
        content = (await send(ask(server))).content
    except ServiceResponseError:
        return
    assert content == b"hi"
