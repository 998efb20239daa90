"""What the synchronous client makes of answers and requests that are not quite as they should be."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from ai_voice_shared.errors import (
    ConfigurationError,
    ServiceResponseError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from ai_voice_shared.http import HttpClient, HttpRequest, wire
from ai_voice_shared.http.errors import WriteTimeout
from tests.support.certificate import make_loopback_certificate
from tests.support.faulty_http import FaultyHttp, ask, raw, reply

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


def _kept(data: bytes) -> Any:
    def answer(server: FaultyHttp, peer: socket.socket, _: Any) -> bool:
        peer.sendall(data)
        return True

    return answer


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "POST", "content": b"hello", "headers": {"Content-Length": "2"}},
        {"method": "POST", "content": b"hello", "headers": {"content-length": "7"}},
        {"method": "POST", "content": b"hello", "headers": {"Content-Length": "+5"}},
        {"method": "POST", "headers": {"Content-Length": "5"}},
        {"method": "POST", "content": b"hello", "headers": {"Transfer-Encoding": "chunked"}},
        {"method": "POST", "content": b"hello", "headers": {"Content-Length": "5", "content-length": "5"}},
        {"headers": {"Host": "a", "host": "b"}},
    ],
    ids=["short", "long", "sign", "none", "chunked", "twice", "hosts"],
)
def test_a_request_whose_end_is_not_sure_is_not_sent(server: FaultyHttp, changes: dict[str, Any]) -> None:
    """What is too much of a body would be the connection's next request."""
    client = HttpClient()
    with pytest.raises(ConfigurationError):
        client.send(ask(server, **changes))
    client.close()
    assert server.asked == []


def test_a_length_of_one_s_own_is_sent_once(server: FaultyHttp) -> None:
    """Who signs it has to say it."""
    client = HttpClient()
    client.send(ask(server, method="POST", content=b"hello", headers={"content-length": "5"}))
    client.close()
    assert [asked.body for asked in server.asked] == [b"hello"]


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 304 Same\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 204 Done\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n",
    ],
)
async def test_headers_of_a_body_that_is_not_there_are_not_waited_for(
    server: FaultyHttp, send: Any, data: bytes
) -> None:
    """A 304 tells how the body of a 200 would come (RFC 9112 section 6.1)."""
    server.answers = [_kept(data), reply(200, b"next")]
    assert (await send(ask(server, read_timeout=1.0))).content == b""
    assert (await send(ask(server))).content == b"next"


async def test_a_length_that_is_said_twice_in_one_header_is_one(server: FaultyHttp, send: Any) -> None:
    """Who joins repeated headers makes such a list (RFC 9110 section 8.6)."""
    server.answers = [_kept(b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi"), reply(200, b"next")]
    assert (await send(ask(server, read_timeout=1.0))).content == b"hi"
    assert (await send(ask(server))).content == b"next"


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nX-Note: a\rContent-Length: 2\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX-Note: a\rSet-Cookie: b=c\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX-Note: a\0b\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
async def test_a_bare_carriage_return_makes_no_header(server: FaultyHttp, send: Any, data: bytes) -> None:
    """It is no end of a line (RFC 9112 section 2.2), and what came after it was data to whoever wrote it."""
    server.answers = [raw(data)]
    with pytest.raises(ServiceResponseError):
        await send(ask(server))


async def test_a_chunk_ends_where_it_says(server: FaultyHttp, send: Any) -> None:
    """Where something else stands, the sizes are not to be trusted."""
    server.answers = [
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhiXX0\r\n\r\n"),
    ]
    with pytest.raises(ServiceResponseError):
        await send(ask(server))


def test_what_came_unasked_over_tls_is_no_answer(tmp_path: Path) -> None:
    """It lies decrypted in the TLS layer, where a look at the socket does not see it."""
    certificate, key = make_loopback_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    answers = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
        + b"x" * 100_000
        + b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext",
    ]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            while answers:
                try:
                    peer, _ = listener.accept()
                except TimeoutError:
                    return
                with context.wrap_socket(peer, server_side=True) as secure:
                    while answers and secure.recv(65536):
                        secure.sendall(answers.pop(0))

        thread = threading.Thread(target=serve)
        thread.start()
        client = HttpClient(verify=ssl.create_default_context(cafile=certificate))
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        try:
            assert len(client.send(HttpRequest(method="GET", url=url)).content) == 100_000
            assert client.send(HttpRequest(method="GET", url=url)).content == b"next"
        finally:
            answers.clear()
            client.close()
            thread.join()


def test_a_family_of_addresses_that_the_system_lacks_is_passed_over(
    server: FaultyHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel without IPv6 still gets IPv6 addresses from the resolver."""
    usual = socket.getaddrinfo

    def with_another(*arguments: Any, **named: Any) -> Any:
        unknown = (255, socket.SOCK_STREAM, 6, "", ("::1", server.port, 0, 0))
        return [unknown, *usual(*arguments, **named)]

    monkeypatch.setattr(socket, "getaddrinfo", with_another)
    client = HttpClient()
    assert client.send(ask(server)).status_code == 200
    client.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_child_does_not_use_its_parent_s_connections(server: FaultyHttp) -> None:
    """Two processes at one socket would get each other's answers."""
    script = f"""
import os
from ai_voice_shared.http import HttpClient, HttpRequest, wire
from ai_voice_shared.http.errors import WriteTimeout
client = HttpClient()
request = HttpRequest(method="GET", url={server.url!r})
client.send(request)
child = os.fork()
client.send(request)
client.close()
if child:
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(asked.connection for asked in server.asked) == [1, 1, 2]


def test_each_record_of_a_body_has_what_is_left_of_the_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS takes 16 KB at a time, and Python's `sendall` gives each of them the whole time."""
    now = [0.0]

    class Slow(socket.socket):
        """As an `ssl.SSLSocket` sends, with a clock that each record moves."""

        limits: ClassVar[list[float | None]] = []

        def send(self, data: Any, _: int = 0) -> int:
            self.limits.append(self.gettimeout())
            now[0] += 1.0
            return len(data[: 1 << 14])

        def sendall(self, data: Any, _: int = 0) -> None:
            while data:
                data = data[self.send(data) :]

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with Slow() as slow:
        one = wire.Wire(slow)
        one.read_timeout, one.ends_at = 10.0, 3.0
        with pytest.raises(WriteTimeout):
            one.sendall(bytes(1 << 16))
        assert slow.limits == [3.0, 2.0, 1.0]


@pytest.mark.parametrize("more", [b"", b"Content-Length: 3\r\n"])
async def test_white_space_after_a_coding_does_not_hide_it(server: FaultyHttp, send: Any, more: bytes) -> None:
    """The sizes of the chunks are no part of the body."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked \r\n" + more + b"\r\n"
    server.answers = [raw(head + b"2\r\nhi\r\n0\r\n\r\n")]
    assert (await send(ask(server))).content == b"hi"


def test_a_stream_that_was_left_is_no_end_of_its_body(server: FaultyHttp) -> None:
    """Who goes on reading behind the block must not take half a body for the whole."""
    server.answers = [reply(200, b"x" * 1_000_000)]
    client = HttpClient()
    with client.stream(ask(server)) as stream:
        chunks = stream.iter_bytes()
        next(chunks)
    with pytest.raises(ServiceUnavailableError):
        next(chunks)
    with client.stream(ask(server)) as stream:
        assert len(b"".join(stream.iter_bytes())) == 1_000_000
    assert list(stream.iter_bytes()) == []
    client.close()


def test_other_headers_may_be_there_twice(server: FaultyHttp) -> None:
    """In two spellings; only where the message ends or whom it is for has to be one."""
    client = HttpClient()
    assert client.send(ask(server, headers={"Accept": "a/b", "accept": "c/d"})).status_code == 200
    client.close()


@pytest.mark.parametrize("limit", ["timeout", "connect_timeout", "read_timeout"])
@pytest.mark.parametrize("seconds", [0, -1])
async def test_no_time_is_a_timeout(server: FaultyHttp, send: Any, limit: str, seconds: float) -> None:
    """As what is left of a deadline can be; the socket would take it for "do not wait"."""
    with pytest.raises(ServiceTimeoutError):
        await send(ask(server, **{limit: seconds}))


async def test_a_time_beyond_all_clocks_is_one(server: FaultyHttp, send: Any) -> None:
    """Who wants no limit says so by a large number."""
    request = ask(server, timeout=1e12, connect_timeout=1e12, read_timeout=1e12)
    assert (await send(request)).status_code == 200


def test_what_two_parsers_read_differently_is_no_url(server: FaultyHttp) -> None:
    """A browser takes the backslash for a slash, and the host before it for the host."""
    client = HttpClient()
    with pytest.raises(ConfigurationError):
        client.send(ask(server, url=f"http://api.example.com\\@127.0.0.1:{server.port}/"))
    client.close()
    assert server.asked == []
