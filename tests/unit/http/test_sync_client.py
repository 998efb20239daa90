"""Behaviour of the synchronous client only, which uses urllib3."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from typing import Any, ClassVar

import pytest

from ai_voice_shared.errors import ConfigurationError, ServiceTimeoutError, ServiceUnavailableError
from ai_voice_shared.http import HttpClient, HttpRequest, connection, shared
from ai_voice_shared.http.connection import BoundedSocket, Exchange
from ai_voice_shared.http.errors import WriteTimeout
from ai_voice_shared.http.prepare import prepare_request
from tests.support.faulty_http import FaultyHttp, ask, closed_port, echo, reply

pytestmark = pytest.mark.unit


def test_one_client_serves_threads(server: FaultyHttp) -> None:
    """Twenty concurrent threads each get the response to their own request, over one pool."""
    server.responses = [echo]
    client = HttpClient()
    results: list[bytes] = []

    def work(number: int) -> None:
        body = str(number).encode()
        results.append(client.send(ask(server, method="POST", content=body)).content)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results, key=int) == [str(number).encode() for number in range(20)]
    assert len(server.requests) == 20
    client.close()


def test_the_shared_clients_exist_once_and_survive_a_freeze(
    server: FaultyHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process has one client of each kind, which stays usable after `close_connections`."""
    monkeypatch.setattr(shared, "_shared", {})
    client = shared.shared_http_client()
    assert shared.shared_http_client() is client
    assert shared.shared_async_http_client() is shared.shared_async_http_client()
    client.warm_up()
    client.send(ask(server))
    shared.close_connections()
    client.send(ask(server))
    assert [received.connection for received in server.requests] == [1, 2]
    shared.close_connections()


def test_an_untrusted_certificate_is_named(tls_server: FaultyHttp) -> None:
    """The error of an untrusted certificate names the reason."""
    client = HttpClient()
    with pytest.raises(ServiceUnavailableError, match=r"ConnectError: .*certificate"):
        client.send(ask(tls_server))
    client.close()


def test_the_certificate_is_checked_against_the_host(
    tls_server: FaultyHttp, certificate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate of another host is rejected."""
    original = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *others: original("127.0.0.1", *others))
    client = HttpClient(verify=ssl.create_default_context(cafile=certificate[0]))
    with pytest.raises(ServiceUnavailableError, match=r"ConnectError: .*not valid for 'other.invalid'"):
        client.send(ask(tls_server, url=f"https://other.invalid:{tls_server.port}/"))
    client.close()


def test_synchronous_requests_do_not_need_httpx(server: FaultyHttp) -> None:
    """A process without httpx, httpcore and anyio can send a synchronous request."""
    script = f"""
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {("httpx", "httpcore", "h11", "anyio", "idna", "certifi")!r}:
            raise AssertionError(f"{{name}} was imported")
sys.meta_path.insert(0, Blocked())
import ai_voice_shared.http
from ai_voice_shared.http import HttpClient, HttpRequest
client = HttpClient()
print("urllib3" in sys.modules)
print(client.send(HttpRequest(method="GET", url={server.url!r})).json())
# Its import is expensive, and this client does not support internationalised names.
print("encodings.idna" in sys.modules)
"""
    server.responses = [reply(200, {"a": 1})]
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:3] == ["False", "{'a': 1}", "False"], done.stderr


def test_an_old_urllib3_is_reported(monkeypatch: pytest.MonkeyPatch, server: FaultyHttp) -> None:
    """urllib3 1, which a function's own packages may contain, is a configuration error."""
    monkeypatch.delattr("urllib3.BaseHTTPResponse")
    with pytest.raises(ConfigurationError, match=r"contains urllib3 1"):
        HttpClient().send(ask(server))
    assert server.requests == []


def test_ipv6_connections_are_reused() -> None:
    """Connections to an IPv6 address are reused, and the Host header has its brackets."""
    from http.server import BaseHTTPRequestHandler, HTTPServer

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
            """Log nothing."""

    class Server(HTTPServer):
        address_family = socket.AF_INET6

    with Server(("::1", 0), Handler) as http_server:
        thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        client = HttpClient()
        for _ in range(2):
            request = HttpRequest(method="GET", url=f"http://[::1]:{http_server.server_port}/")
            assert client.send(request).content == b"hi"
        client.close()
        http_server.shutdown()
        thread.join()
        assert [name for name, _ in hosts] == [f"[::1]:{http_server.server_port}"] * 2
        assert len({port for _, port in hosts}) == 1


def test_at_most_twenty_connections_are_idle(server: FaultyHttp) -> None:
    """A connection that is returned to a full pool or a closed client is closed."""
    client = HttpClient()
    with ExitStack() as stack:
        streams = [stack.enter_context(client.stream(ask(server))) for _ in range(25)]
        for stream in streams:
            assert b"".join(stream.iter_bytes()) == b""
        for _ in range(5):
            server.next_connection_ended()
        last = stack.enter_context(client.stream(ask(server)))
        client.close()
        assert b"".join(last.iter_bytes()) == b""
    del stack, streams, stream, last
    for _ in range(20):
        server.next_connection_ended()
    assert server.connections == 25


def test_a_connection_that_was_idle_too_long_is_not_reused(server: FaultyHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that was idle too long is replaced before the server closes it."""
    client = HttpClient()
    client.send(ask(server))
    monkeypatch.setattr(connection, "_IDLE_SECONDS", -1.0)
    client.send(ask(server))
    client.close()
    assert [received.connection for received in server.requests] == [1, 2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_child_does_not_use_its_parent_s_connections(server: FaultyHttp) -> None:
    """A forked child opens its own connections, because two processes would read each other's responses."""
    script = f"""
import os
from ai_voice_shared.http import HttpClient, HttpRequest
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
    assert sorted(received.connection for received in server.requests) == [1, 1, 2]


def test_each_record_of_a_body_has_the_remaining_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each TLS record of 16 kB is sent within the remaining time, unlike by Python's `sendall`."""
    now = [0.0]

    class Slow(socket.socket):
        """A socket that sends like `ssl.SSLSocket`, with a clock that advances with each record."""

        limits: ClassVar[list[float | None]] = []

        def send(self, data: Any, _: int = 0) -> int:
            self.limits.append(self.gettimeout())
            now[0] += 1.0
            return len(data[: 1 << 14])

        def sendall(self, data: Any, _: int = 0) -> None:
            while data:
                data = data[self.send(data) :]

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    request = HttpRequest(method="GET", url="http://127.0.0.1", read_timeout=10.0)
    with Slow() as slow:
        bounded = BoundedSocket(slow, Exchange(request, prepare_request(request), 3.0, fresh=False))
        with pytest.raises(WriteTimeout):
            bounded.sendall(bytes(1 << 16))
        assert slow.limits == [3.0, 2.0, 1.0]


def test_all_addresses_of_a_host_share_the_time(server: FaultyHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three addresses that do not respond take the limit once, not three times."""
    now, limits = [0.0], []

    def time_out(_: object, timeout: float) -> socket.socket:
        limits.append(timeout)
        now[0] += 2.0
        raise TimeoutError

    original = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: original(*arguments) * 3)
    monkeypatch.setattr(socket, "create_connection", time_out)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with pytest.raises(ServiceTimeoutError, match="ConnectTimeout"):
        HttpClient().send(ask(server, connect_timeout=5, timeout=3))
    assert limits == [3.0, 1.0]


def test_the_next_address_of_a_host_is_tried(server: FaultyHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the first address of a host refuses the connection, the next one is tried."""
    original, calls = socket.getaddrinfo, []

    def resolve_with_dead_address(*arguments: Any) -> Any:
        calls.append(arguments)
        found = original(*arguments)
        # The later calls are for one address each.
        return found if len(calls) > 1 else [(*found[0][:4], ("127.0.0.1", closed_port())), *found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve_with_dead_address)
    client = HttpClient()
    assert client.send(ask(server)).status_code == 200
    assert len(calls) == 3
    client.close()
