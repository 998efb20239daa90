"""What only the synchronous client does, which sends by the standard library."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from typing import Any

import pytest

from ai_voice_shared.errors import (
    ConfigurationError,
    ServiceResponseError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from ai_voice_shared.http import HttpClient, HttpRequest, pool, shared
from tests.support.faulty_http import (
    FaultyHttp,
    ask,
    echo,
    raw,
    reply,
    reset,
    stall,
)

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


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


def test_one_client_serves_threads(server: FaultyHttp) -> None:
    """Twenty threads at once get each its own answer, over one pool that is made once."""
    server.answers = [echo]
    client = HttpClient()
    made = []

    class Counted(pool.Pool):
        def __init__(self, tls: Any) -> None:
            made.append(1)
            super().__init__(tls)

    results: list[bytes] = []

    def work(number: int) -> None:
        body = str(number).encode()
        results.append(client.send(ask(server, method="POST", content=body)).content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ai_voice_shared.http.client.Pool", Counted)
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
    monkeypatch.setattr(shared, "_shared", {})
    client = shared.shared_http_client()
    assert shared.shared_http_client() is client
    assert shared.shared_async_http_client() is shared.shared_async_http_client()
    client.send(ask(server))
    shared.close_connections()
    client.send(ask(server))
    assert [asked.connection for asked in server.asked] == [1, 2]
    shared.close_connections()


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


def test_synchronous_requests_do_without_httpx(server: FaultyHttp) -> None:
    """In a process that cannot import it, nor httpcore or anyio, a request is sent and answered."""
    script = f"""
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {("httpx", "httpcore", "h11", "anyio", "idna", "certifi")!r}:
            raise AssertionError(f"{{name}} was imported")
sys.meta_path.insert(0, Blocked())
from ai_voice_shared.http import HttpClient, HttpRequest
print(HttpClient().send(HttpRequest(method="GET", url={server.url!r})).json())
# Its import is dear, and names in other alphabets are not for this client.
print("encodings.idna" in sys.modules)
"""
    server.answers = [reply(200, {"a": 1})]
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:2] == ["{'a': 1}", "False"], done.stderr


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("", "/"),
        ("?a=b%20c", "/?a=b%20c"),
        ("/a%2Fb/%C3%A9?x=%2B&y=~", "/a%2Fb/%C3%A9?x=%2B&y=~"),
        ("//a//b/?", "//a//b/?"),
        ("/a#part", "/a"),
    ],
)
def test_a_url_is_sent_as_it_stands(server: FaultyHttp, url: str, target: str) -> None:
    """It was signed like that; only the fragment is the client's own."""
    client = HttpClient()
    client.send(ask(server, url=server.url + url))
    client.close()
    [asked] = server.asked
    assert (asked.target, asked.headers["host"]) == (target, f"127.0.0.1:{server.port}")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, {"accept": "*/*", "accept-encoding": "gzip, deflate", "content-length": "2"}),
        ({"ACCEPT": "a/b", "host": "other"}, {"accept": "a/b", "host": "other"}),
    ],
)
def test_a_request_s_own_headers_come_first(
    server: FaultyHttp, headers: dict[str, str], expected: dict[str, str]
) -> None:
    """What is added is only what it does not have."""
    client = HttpClient()
    client.send(ask(server, method="POST", content=b"{}", headers=headers))
    client.close()
    assert expected.items() <= server.asked[0].headers.items()


def test_a_user_in_the_url_is_basic_authentication(server: FaultyHttp) -> None:
    """As everywhere; it does not go into the target."""
    client = HttpClient()
    client.send(ask(server, url=f"http://user:p%40ss@127.0.0.1:{server.port}/x"))
    client.close()
    assert (server.asked[0].target, server.asked[0].headers["authorization"]) == ("/x", "Basic dXNlcjpwQHNz")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/a b", "http://127.0.0.1:9/a\r\nX: y", "http://127.0.0.1:9/\u00e9", "http://a b/", "http:///x"],
)
def test_a_url_that_is_not_encoded_is_refused(url: str) -> None:
    """It would be another request than the one that was meant."""
    client = HttpClient()
    with pytest.raises(ConfigurationError):
        client.send(HttpRequest(method="GET", url=url))
    with pytest.raises(ConfigurationError):
        client.send(HttpRequest(method="GET /x\r\nX:", url="http://127.0.0.1:9/"))


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
def test_a_body_whose_end_is_not_sure_is_no_answer(server: FaultyHttp, head: bytes) -> None:
    """Guesses are what request smuggling lives on (RFC 9112 section 6.3)."""
    server.answers = [raw(b"HTTP/1.1 200 OK\r\n" + head + b"\r\nbody")]
    client = HttpClient()
    with pytest.raises(ServiceResponseError):
        client.send(ask(server))


@pytest.mark.parametrize("size", [b"-1", b"0x4", b"+4", b"1_0", b""])
def test_a_chunk_s_size_is_hexadecimal_digits(server: FaultyHttp, size: bytes) -> None:
    """Python's own integers may be written in more ways."""
    server.answers = [raw(CHUNKED_HEAD + size + b"\r\nbody\r\n0\r\n\r\n")]
    client = HttpClient()
    with pytest.raises(ServiceResponseError):
        client.send(ask(server))


def _kept(data: bytes) -> Any:
    def answer(server: FaultyHttp, peer: socket.socket, _: Any) -> bool:
        peer.sendall(data)
        return True

    return answer


@pytest.mark.parametrize(
    ("data", "content", "connections"),
    [
        (CHUNKED_HEAD + b"3\r\none\r\n4;x=y\r\nmore\r\n0\r\nTrailer: t\r\n\r\n", b"onemore", [1, 1]),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 Done\r\n\r\n", b"", [1, 1]),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", b"hi", [1, 2]),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi", [1, 2]),
        # What came unasked is no answer to the next request.
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad",
            b"hi",
            [1, 2],
        ),
    ],
    ids=["chunks", "hints", "close", "1.0", "unasked"],
)
def test_a_connection_is_kept_after_a_whole_answer(
    server: FaultyHttp, data: bytes, content: bytes, connections: list[int]
) -> None:
    """And only then, and where the server keeps it too."""
    server.answers = [_kept(data), reply(200, b"next")]
    client = HttpClient()
    assert client.send(ask(server)).content == content
    assert client.send(ask(server)).content == b"next"
    client.close()
    assert [asked.connection for asked in server.asked] == connections


def test_a_body_without_a_length_ends_with_the_connection(server: FaultyHttp) -> None:
    """As HTTP/1.0 has it."""
    server.answers = [raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000)]
    client = HttpClient()
    assert client.send(ask(server)).content == b"x" * 100_000
    client.close()


def test_a_repeated_header_is_joined(server: FaultyHttp) -> None:
    """Whatever its case; a folded line is one."""
    server.answers = [raw(b"HTTP/1.1 204 x\r\nX-A: 1\r\nx-a: 2\r\nX-B: a\r\n  b\r\nX-C: \xc3\xa9\r\nX-D: \xe9\r\n\r\n")]
    client = HttpClient()
    headers = client.send(ask(server)).headers
    client.close()
    assert headers == {"x-a": "1, 2", "x-b": "a b", "x-c": "\u00e9", "x-d": "\u00e9"}


def test_an_answer_before_the_request_was_read_is_taken() -> None:
    """A server that has seen enough says so and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(100)
                peer.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
                peer.shutdown(socket.SHUT_WR)
                # Reads on, so that no reset overtakes the answer, but not to the end.
                peer.settimeout(5)
                peer.recv(1_000_000)

        thread = threading.Thread(target=refuse)
        thread.start()
        client = HttpClient()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        try:
            assert client.send(HttpRequest(method="PUT", url=url, content=bytes(200_000))).status_code == 413
        finally:
            thread.join()
            client.close()


def test_connections_are_used_again_over_tls_and_by_ipv6(tmp_path: Any) -> None:
    """The certificate is checked against the host of the URL."""
    import ssl
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from tests.support.certificate import make_loopback_certificate

    hosts = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            hosts.append((self.headers["Host"], self.client_address[1]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"hi")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(HTTPServer):
        address_family = socket.AF_INET6

    certificate, key = make_loopback_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    for kind, address, host in ((HTTPServer, "127.0.0.1", "127.0.0.1"), (Server, "::1", "[::1]")):
        hosts.clear()
        secure = kind is HTTPServer
        with kind((address, 0), Handler) as http_server:
            if secure:
                http_server.socket = context.wrap_socket(http_server.socket, server_side=True)
            thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            client = HttpClient(verify=ssl.create_default_context(cafile=certificate))
            url = f"http{'s' if secure else ''}://{host}:{http_server.server_port}/"
            for _ in range(2):
                assert client.send(HttpRequest(method="GET", url=url)).content == b"hi"
            client.close()
            http_server.shutdown()
            thread.join()
            assert [name for name, _ in hosts] == [f"{host}:{http_server.server_port}"] * 2
            assert len({port for _, port in hosts}) == 1


def test_no_more_than_twenty_connections_lie_idle(server: FaultyHttp) -> None:
    """The oldest gives way; what has lain too long is not used, and what comes back to a closed pool is closed."""
    client = HttpClient()
    with ExitStack() as stack:
        streams = [stack.enter_context(client.stream(ask(server))) for _ in range(25)]
        for stream in streams:
            assert b"".join(stream.iter_bytes()) == b""
        pool = client._pool
        assert pool is not None
        assert len(pool._idle) == 20
        last = stack.enter_context(client.stream(ask(server)))
        client.close()
        assert b"".join(last.iter_bytes()) == b""
        assert pool._idle == []
    assert server.connections == 25


def test_what_lay_too_long_is_not_used(server: FaultyHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers close what is idle; long before, it is closed here."""
    client = HttpClient()
    client.send(ask(server))
    monkeypatch.setattr(pool, "_IDLE_SECONDS", -1.0)
    client.send(ask(server))
    client.close()
    assert [asked.connection for asked in server.asked] == [1, 2]
