"""Requests that both clients send, and those that they reject."""

from __future__ import annotations

import socket
import threading
import traceback
from typing import Any

import pytest

from ai_voice_shared.errors import ConfigurationError
from ai_voice_shared.http import HttpRequest
from tests.support.faulty_http import FaultyHttp, ask, closed_port, reply

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_a_request_is_sent_and_its_response_read_in_full(server: FaultyHttp, send: Any) -> None:
    """A response has the status, the headers by lower-case name, and the body."""
    server.responses = [reply(418, {"a": 1}, {"X-Kind": "tea"})]
    response = await send(ask(server, method="POST", content=b"hello", headers={"X-Mine": "1"}))
    assert (response.status_code, response.headers["x-kind"], response.json()) == (418, "tea", {"a": 1})
    [received] = server.requests
    assert (received.method, received.target, received.body, received.headers["x-mine"]) == (
        "POST",
        "/x",
        b"hello",
        "1",
    )


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("", "/"),
        ("?a=b%20c", "/?a=b%20c"),
        ("/a%2Fb/%C3%A9?x=%2B&y=~", "/a%2Fb/%C3%A9?x=%2B&y=~"),
        ("//a//b/?", "//a//b/?"),
        ("/a%2fb/../c/./d?e=%7e|^", "/a%2fb/../c/./d?e=%7e|^"),
        ("/a#part", "/a"),
    ],
)
async def test_a_url_is_sent_unchanged(server: FaultyHttp, send: Any, url: str, target: str) -> None:
    """A URL is sent as it was signed, without its fragment."""
    await send(ask(server, url=server.url + url))
    [received] = server.requests
    assert (received.target, received.headers["host"]) == (target, f"127.0.0.1:{server.port}")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, {"accept": "*/*", "accept-encoding": "gzip", "content-length": "2", "user-agent": "ai-voice-shared"}),
        ({"ACCEPT": "a/b", "host": "other"}, {"accept": "a/b", "host": "other"}),
    ],
)
async def test_a_request_s_own_headers_take_precedence(
    server: FaultyHttp, send: Any, headers: dict[str, str], expected: dict[str, str]
) -> None:
    """Default headers are added only if the request does not have them."""
    await send(ask(server, method="POST", content=b"{}", headers=headers))
    assert expected.items() <= server.requests[0].headers.items()


async def test_a_user_in_the_url_is_basic_authentication(server: FaultyHttp, send: Any) -> None:
    """Credentials in the URL become a basic authorization header, and are not in the target."""
    await send(ask(server, url=f"http://user:p%40ss@127.0.0.1:{server.port}/x"))
    assert (server.requests[0].target, server.requests[0].headers["authorization"]) == ("/x", "Basic dXNlcjpwQHNz")


async def test_a_caller_s_content_length_is_sent_once(server: FaultyHttp, send: Any) -> None:
    """A Content-Length of the caller, who may have signed it, is sent once."""
    await send(ask(server, method="POST", content=b"hello", headers={"content-length": "5"}))
    assert [received.body for received in server.requests] == [b"hello"]


async def test_other_headers_may_be_repeated(server: FaultyHttp, send: Any) -> None:
    """Headers other than Host and Content-Length may be repeated."""
    assert (await send(ask(server, headers={"Accept": "a/b", "accept": "c/d"}))).status_code == 200


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
async def test_a_request_of_ambiguous_length_is_not_sent(
    server: FaultyHttp, send: Any, changes: dict[str, Any]
) -> None:
    """A request of ambiguous length or host, which permits request smuggling, is not sent."""
    with pytest.raises(ConfigurationError):
        await send(ask(server, **changes))
    assert server.requests == []


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://[::1", {}),
        ("ftp://127.0.0.1/secret", {}),
        ("secret", {}),
        ("http://127.0.0.1:port/secret", {}),
        ("http://127.0.0.1:70000/secret", {}),
        ("http://127.0.0.1:9/secret b", {}),
        ("http://127.0.0.1:9/a\r\nX: secret", {}),
        ("http://127.0.0.1:9/secret\u00e9", {}),
        ("http://a secret/", {}),
        ("http:///secret", {}),
        # A browser reads the backslash as a slash, and the name before it as the host.
        ("http://api.example.com\\@127.0.0.1:9/secret", {}),
        ("{server}", {"X-Secret": "secret\nInjected: secret"}),
        ("{server}", {"X-Sec ret": "secret"}),
        ("{server}", {"X-Secret": "secret\u20ac"}),
    ],
)
async def test_an_invalid_request_is_a_configuration_error(
    server: FaultyHttp, send: Any, url: str, headers: dict[str, str]
) -> None:
    """An invalid URL or header is a configuration error that does not contain it, and nothing is sent."""
    with pytest.raises(ConfigurationError) as caught:
        await send(HttpRequest(method="GET", url=url.format(server=server.url), headers=headers))
    assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert server.requests == []


async def test_an_invalid_method_is_a_configuration_error(server: FaultyHttp, send: Any) -> None:
    """A method with spaces or line breaks, which would inject a request line, is not sent."""
    with pytest.raises(ConfigurationError):
        await send(ask(server, method="GET /x\r\nX:"))
    assert server.requests == []


async def test_redirects_are_not_followed(server: FaultyHttp, send: Any) -> None:
    """The target of a redirect gets no request."""
    with FaultyHttp() as other:
        server.responses = [reply(307, b"", {"Location": f"{other.url}/y", "Retry-After": "0"})]
        response = await send(ask(server, headers={"Authorization": "secret"}))
        assert response.status_code == 307
        assert (other.connections, len(server.requests)) == (0, 1)


async def test_unavailability_is_not_retried(server: FaultyHttp, send: Any) -> None:
    """A 503 is returned without a retry, which is the caller's decision."""
    server.responses = [reply(503, b"", {"Retry-After": "0"})]
    assert (await send(ask(server))).status_code == 503
    assert len(server.requests) == 1


async def test_environment_proxies_are_not_used(server: FaultyHttp, send: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies in the environment are ignored."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    assert (await send(ask(server))).status_code == 200


async def test_cookies_are_not_stored(server: FaultyHttp, send: Any) -> None:
    """A cookie of one response is not sent with the next request."""
    server.responses = [reply(200, b"", {"Set-Cookie": "session=1; Path=/"})]
    for _ in range(2):
        await send(ask(server))
    assert all("cookie" not in received.headers for received in server.requests)


async def test_a_response_before_the_request_was_read_is_accepted(send: Any) -> None:
    """A response that the server sends before it has read the request is returned."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def reject() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(100)
                peer.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
                peer.shutdown(socket.SHUT_WR)
                # Reads some more, so that no reset overtakes the response.
                peer.settimeout(5)
                peer.recv(1_000_000)

        thread = threading.Thread(target=reject)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        try:
            assert (await send(HttpRequest(method="PUT", url=url, content=bytes(200_000)))).status_code == 413
        finally:
            thread.join()
