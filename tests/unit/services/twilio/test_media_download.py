"""Media downloads: redirects, credentials, retries and deadlines."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared.errors import (
    DeadlineExceededError,
    MediaNotAllowedError,
    MediaNotFoundError,
    MediaUnavailableError,
    TwilioMediaError,
)
from ai_voice_shared.resilience import Deadline, use_deadline

from .conftest import AUDIO, basic, serving

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    from .conftest import MediaServers

pytestmark = pytest.mark.unit


def test_media_is_streamed_from_the_cdn(servers: MediaServers) -> None:
    """The API gets the credentials, the CDN does not, and the bytes arrive."""
    wanted = servers.item()
    with servers.service().stream_media(wanted) as media:
        assert (media.content_type, media.sid, media.content_length) == ("audio/ogg", wanted.sid, len(AUDIO))
        assert b"".join(media.iter_bytes()) == AUDIO
        assert list(media.iter_bytes()) == []
        assert repr(media) == f"MediaStream({wanted.sid}, audio/ogg, {len(AUDIO)} bytes)"
    path = wanted.url.removeprefix(servers.api_url)
    assert servers.requests == [("api", path, basic()), ("cdn", "/file?signature=secret", None)]
    assert servers.slept == []


def test_media_without_a_redirect_is_streamed(servers: MediaServers) -> None:
    """The API may also respond with the file itself."""
    servers.api = servers.cdn
    assert b"".join(servers.service().iter_media(servers.item())) == AUDIO
    assert servers.visited == ["api"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_redirect_is_followed_without_credentials(servers: MediaServers, status: int) -> None:
    """Redirects of any status are followed without credentials, also between hosts of the CDN."""
    servers.api = [servers.redirect(status)]
    servers.cdn = [servers.redirect(status), (200, {}, AUDIO)]
    assert b"".join(servers.service().iter_media(servers.item())) == AUDIO
    assert [credentials for _, _, credentials in servers.requests] == [basic(), None, None]


def test_a_redirect_elsewhere_is_not_followed(servers: MediaServers) -> None:
    """A host that is not allowed is not connected to."""
    servers.api = [servers.redirect(where=servers.cdn_url.replace("localhost", "127.0.0.1"))]
    with pytest.raises(MediaNotAllowedError):
        list(servers.service().iter_media(servers.item()))
    assert servers.visited == ["api"]


def test_the_number_of_redirects_is_limited(servers: MediaServers) -> None:
    """A CDN that redirects in circles is an error."""
    servers.cdn = [servers.redirect()]
    with pytest.raises(MediaNotAllowedError, match="too often"):
        list(servers.service().iter_media(servers.item()))
    assert len(servers.requests) == 4


def test_a_fresh_upload_is_waited_for(servers: MediaServers) -> None:
    """A 404 is retried after 1 s and 3 s."""
    servers.api = [(404, {}, b""), (404, {}, b""), servers.redirect()]
    assert b"".join(servers.service().iter_media(servers.item())) == AUDIO
    assert servers.slept == [1.0, 3.0]


def test_media_that_never_appears_is_not_found(servers: MediaServers) -> None:
    """A 404 after the retries is a MediaNotFoundError."""
    servers.api = [(404, {}, b"")]
    with pytest.raises(MediaNotFoundError):
        list(servers.service().iter_media(servers.item()))
    assert servers.slept == [1.0, 3.0]
    assert len(servers.requests) == 3


@pytest.mark.parametrize("response", [(500, {}, b""), (503, {}, b""), (429, {"Retry-After": "2"}, b"")])
def test_an_outage_is_waited_out(servers: MediaServers, response: Any) -> None:
    """Server errors and rate limits of both servers are retried, and a Retry-After is honoured."""
    servers.api = [response, servers.redirect()]
    servers.cdn = [response, (200, {}, AUDIO)]
    assert b"".join(servers.service().iter_media(servers.item())) == AUDIO
    assert servers.slept == ([2.0, 3.0] if response[0] == 429 else [1.0, 3.0])


def test_a_lasting_outage_is_unavailable(servers: MediaServers) -> None:
    """An outage after the retries is a retryable error, and not "not found"."""
    servers.api = [(503, {}, b"")]
    with pytest.raises(MediaUnavailableError) as caught:
        list(servers.service().iter_media(servers.item()))
    assert caught.value.retryable
    assert caught.value.status_code == 503


def test_a_refused_connection_is_an_outage(servers: MediaServers) -> None:
    """A refused connection is retried, and is then unavailable."""
    gone = "http://127.0.0.1:9"
    service = servers.service(api_base_url=gone)
    wanted = servers.item()
    with pytest.raises(MediaUnavailableError):
        list(service.iter_media(wanted._replace(url=wanted.url.replace(servers.api_url, gone))))
    assert servers.slept == [1.0, 3.0]


def test_a_wait_that_does_not_fit_is_not_begun(servers: MediaServers) -> None:
    """An error is raised at once if the wait would exceed the deadline."""
    servers.api = [(404, {}, b"")]
    with use_deadline(Deadline(0.9)), pytest.raises(MediaNotFoundError):
        list(servers.service().iter_media(servers.item()))
    assert servers.slept == []


def test_without_time_nothing_is_requested(servers: MediaServers) -> None:
    """An exceeded deadline raises DeadlineExceededError, and nothing is requested."""
    with use_deadline(Deadline(0)), pytest.raises(DeadlineExceededError):
        list(servers.service().iter_media(servers.item()))
    assert servers.requests == []


def test_a_rotated_token_is_replaced_by_the_next(servers: MediaServers) -> None:
    """After a 401 the next token is tried at once, and later downloads begin with it."""
    servers.api = [(401, {}, b""), servers.redirect()]
    service = servers.service(auth_tokens=("new", "old"))
    assert b"".join(service.iter_media(servers.item())) == AUDIO
    assert b"".join(service.iter_media(servers.item())) == AUDIO
    sent = [credentials for which, _, credentials in servers.requests if which == "api"]
    assert sent == [basic("new"), basic("old"), basic("old")]
    assert servers.slept == []


def test_threads_do_not_skip_a_token(servers: MediaServers) -> None:
    """Two downloads that are rejected at the same time both continue with the next token."""
    both = threading.Barrier(2, timeout=10)

    def respond(request: BaseHTTPRequestHandler) -> None:
        good = request.headers["Authorization"] == basic("old")
        if not good:
            both.wait()
        request.send_response(200 if good else 401)
        request.send_header("Content-Length", str(len(AUDIO) if good else 0))
        request.end_headers()
        request.wfile.write(AUDIO if good else b"")

    servers.api_url = f"http://127.0.0.1:{servers.stack.enter_context(serving(respond))}"
    service = servers.service(auth_tokens=("new", "old"))
    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(lambda item: b"".join(service.iter_media(item)), [servers.item(), servers.item()]))
    assert got == [AUDIO, AUDIO]


def test_all_tokens_rejected_is_an_error(servers: MediaServers) -> None:
    """Each token is tried once, and the error does not contain them."""
    servers.api = [(401, {}, b"")]
    with pytest.raises(TwilioMediaError, match="every auth token") as caught:
        list(servers.service(auth_tokens=("one-secret", "two-secret")).iter_media(servers.item()))
    assert len(servers.requests) == 2
    assert "secret" not in str(caught.value)
    assert not caught.value.retryable


@pytest.mark.parametrize("status", [204, 400, 403, 410])
def test_another_status_is_an_error(servers: MediaServers, status: int) -> None:
    """A response that is neither a file nor transient is not retried."""
    servers.api = [(status, {}, b"")]
    with pytest.raises(TwilioMediaError):
        list(servers.service().iter_media(servers.item()))
    assert len(servers.requests) == 1
