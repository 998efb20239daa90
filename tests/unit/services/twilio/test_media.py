"""Media: which URLs are asked for, with which credentials, how long, and what comes out."""

from __future__ import annotations

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared.errors import (
    DeadlineExceededError,
    MediaNotAllowedError,
    MediaNotFoundError,
    MediaTooLargeError,
    MediaTypeError,
    MediaUnavailableError,
    TwilioMediaError,
)
from ai_voice_shared.models import MediaItem
from ai_voice_shared.resilience import Deadline, use_deadline
from ai_voice_shared.services.twilio.media_rules import MediaRules
from ai_voice_shared.settings.twilio import TwilioSettings
from ai_voice_shared.testing.twilio import ACCOUNT_SID

from .conftest import AUDIO, basic, serving

if TYPE_CHECKING:
    from collections.abc import Iterable
    from http.server import BaseHTTPRequestHandler

    from .conftest import MediaWorld

pytestmark = pytest.mark.unit

MESSAGE = "MM" + "1" * 32
MEDIA = "ME" + "2" * 32
PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{MESSAGE}/Media/{MEDIA}"


def item(url: str, **changes: Any) -> MediaItem:
    """Make a media item with a URL."""
    return MediaItem(url, "audio/ogg", 0, ACCOUNT_SID, MESSAGE)._replace(**changes)


def rules(**settings: Any) -> MediaRules:
    """Make the rules of an account."""
    return MediaRules(TwilioSettings(account_sid=ACCOUNT_SID, auth_tokens=("t",), **settings))


@pytest.mark.parametrize(
    "host", ["api.twilio.com", "api.twilio.com:443", "api.dublin.ie1.twilio.com", "api.sydney.au1.twilio.com"]
)
def test_twilio_s_own_urls_are_allowed(host: str) -> None:
    """The API of every region may be asked for media of our account and the message."""
    assert rules().check_url(item(f"https://{host}{PATH}")) == f"https://{host}{PATH}"


@pytest.mark.parametrize(
    "url",
    [
        f"http://api.twilio.com{PATH}",
        f"https://evil.example{PATH}",
        f"https://api.twilio.com.evil.example{PATH}",
        f"https://evilapi.twilio.com{PATH}",
        f"https://api.twilio.com@evil.example{PATH}",
        f"https://user:word@api.twilio.com{PATH}",
        f"https://api.twilio.com:8443{PATH}",
        f"https://api.a.b.c.twilio.com{PATH}",
        f"https://api.x/y.z.twilio.com{PATH}",
        f"https://api.twilio.com\\@evil.example{PATH}",
        f"https://api.twilio.com\t{PATH}",
        f"//api.twilio.com{PATH}",
        f"https:api.twilio.com{PATH}",
        f"https://api.twilio.com{PATH}\n",
        f"https://api.twilio.com{PATH}/../../../Balance",
        f"https://api.twilio.com{PATH}?x=1",
        f"https://api.twilio.com{PATH}#x",
        f"https://api.twilio.com{PATH}.json",
        f"https://api.twilio.com{PATH.replace(ACCOUNT_SID, 'AC' + 'f' * 32)}",
        f"https://api.twilio.com{PATH.replace(MESSAGE, 'MM' + 'f' * 32)}",
        f"https://api.twilio.com{PATH.replace('Media/ME', 'Media/XX')}",
        f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}.json",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data/",
        "",
    ],
)
def test_other_urls_are_not_asked_for(url: str) -> None:
    """Another scheme, host, port, account, message or path: refused, and the URL is not repeated."""
    with pytest.raises(MediaNotAllowedError) as caught:
        rules().check_url(item(url))
    assert "evil" not in str(caught.value)


def test_media_of_another_account_is_not_asked_for() -> None:
    """A payload of another account cannot bring its own path along."""
    other = "AC" + "f" * 32
    with pytest.raises(MediaNotAllowedError, match="account"):
        rules().check_url(item(f"https://api.twilio.com{PATH.replace(ACCOUNT_SID, other)}", account_sid=other))


def test_patterns_in_ids_are_no_patterns() -> None:
    """An id is text, also where it looks like a regular expression."""
    with pytest.raises(MediaNotAllowedError):
        rules().check_url(item(f"https://api.twilio.com{PATH}", message_sid=".*"))


@pytest.mark.parametrize(
    "location",
    [
        "https://media.twiliocdn.com/AC/x?Signature=1",
        "https://mms.twiliocdn.com:443/x",
        "https://s3.region.twilio.com/x",
        "https://MEDIA.TwilioCDN.com/x",
        "/relative/on/the/api",
    ],
)
def test_redirects_to_twilio_are_followed(location: str) -> None:
    """Its CDN and its own hosts may be asked."""
    assert rules().check_redirect("https://api.twilio.com/x", location)


@pytest.mark.parametrize(
    "location",
    [
        "http://media.twiliocdn.com/x",
        "https://twiliocdn.com.evil.example/x",
        "https://eviltwiliocdn.com/x",
        "https://media.twiliocdn.com@evil.example/x",
        "https://evil.example/media.twiliocdn.com",
        "https://evil.example?.twiliocdn.com",
        "https://evil.example#.twiliocdn.com",
        "https://evil.example\\.twiliocdn.com/x",
        "https://media.twiliocdn.com:8443/x",
        "https://media.twiliocdn.com:/x",
        "https://[::1]/x",
        "https://[bad/x",
        "https://127.0.0.1/x",
        "https://evil.example/\n.twilio.com",
        "ftp://media.twiliocdn.com/x",
        "file:///etc/passwd",
    ],
)
def test_other_redirects_are_not_followed(location: str) -> None:
    """Neither another host nor another scheme or port is asked."""
    with pytest.raises(MediaNotAllowedError):
        rules().check_redirect("https://api.twilio.com/x", location)


@pytest.mark.parametrize(
    ("hosts", "location", "allowed"),
    [
        (("localhost",), "http://localhost:1234/x", True),
        (("localhost:1234",), "http://localhost:1234/x", True),
        (("localhost:1234",), "http://localhost:1235/x", False),
        (("localhost",), "http://127.0.0.1:1234/x", False),
        (("[::1]",), "http://[::1]:1234/x", True),
        (("localhost",), "https://localhost/x", True),
    ],
)
def test_a_stand_in_has_a_cdn_of_its_own(hosts: tuple[str, ...], location: str, *, allowed: bool) -> None:
    """Where the API is plain HTTP, as a stand-in's is, its CDN may be so too, on any port or on one."""
    local = rules(api_base_url="http://127.0.0.1:1", cdn_hosts=hosts)
    if allowed:
        assert local.check_redirect("http://127.0.0.1:1/x", location) == location
    else:
        with pytest.raises(MediaNotAllowedError):
            local.check_redirect("http://127.0.0.1:1/x", location)


def test_media_is_streamed_from_the_cdn(world: MediaWorld) -> None:
    """The API gets the credentials, the CDN does not, and the bytes arrive."""
    asked_for = world.item()
    with world.service().stream_media(asked_for) as media:
        assert (media.content_type, media.sid, media.content_length) == ("audio/ogg", asked_for.sid, len(AUDIO))
        assert b"".join(media.iter_bytes()) == AUDIO
        assert list(media.iter_bytes()) == []
        assert repr(media) == f"MediaStream({asked_for.sid}, audio/ogg, {len(AUDIO)} bytes)"
    path = asked_for.url.removeprefix(world.api_url)
    assert world.asked == [("api", path, basic()), ("cdn", "/file?signature=secret", None)]
    assert world.slept == []


def test_media_without_a_redirect_is_streamed(world: MediaWorld) -> None:
    """The API may also answer with the file itself."""
    world.api = world.cdn
    assert b"".join(world.service().iter_media(world.item())) == AUDIO
    assert world.servers == ["api"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_redirect_is_followed_without_credentials(world: MediaWorld, status: int) -> None:
    """Whatever its status, and also from one host of the CDN to the next."""
    world.api = [world.redirect(status)]
    world.cdn = [world.redirect(status), (200, {}, AUDIO)]
    assert b"".join(world.service().iter_media(world.item())) == AUDIO
    assert [credentials for _, _, credentials in world.asked] == [basic(), None, None]


def test_a_redirect_elsewhere_is_not_followed(world: MediaWorld) -> None:
    """Another host is not even connected to."""
    world.api = [world.redirect(where=world.cdn_url.replace("localhost", "127.0.0.1"))]
    with pytest.raises(MediaNotAllowedError):
        list(world.service().iter_media(world.item()))
    assert world.servers == ["api"]


def test_redirects_come_to_an_end(world: MediaWorld) -> None:
    """A CDN that leads in circles is left."""
    world.cdn = [world.redirect()]
    with pytest.raises(MediaNotAllowedError, match="too often"):
        list(world.service().iter_media(world.item()))
    assert len(world.asked) == 4


def test_a_fresh_upload_is_waited_for(world: MediaWorld) -> None:
    """A 404 is asked again after 1 s and 3 s."""
    world.api = [(404, {}, b""), (404, {}, b""), world.redirect()]
    assert b"".join(world.service().iter_media(world.item())) == AUDIO
    assert world.slept == [1.0, 3.0]


def test_media_that_never_comes_is_not_found(world: MediaWorld) -> None:
    """After the retries a 404 is what it says."""
    world.api = [(404, {}, b"")]
    with pytest.raises(MediaNotFoundError):
        list(world.service().iter_media(world.item()))
    assert world.slept == [1.0, 3.0]
    assert len(world.asked) == 3


@pytest.mark.parametrize("answer", [(500, {}, b""), (503, {}, b""), (429, {"Retry-After": "2"}, b"")])
def test_an_outage_is_waited_out(world: MediaWorld, answer: Any) -> None:
    """Server errors and rate limits are asked again, a Retry-After is honoured, and the CDN's count as well."""
    world.api = [answer, world.redirect()]
    world.cdn = [answer, (200, {}, AUDIO)]
    assert b"".join(world.service().iter_media(world.item())) == AUDIO
    assert world.slept == ([2.0, 3.0] if answer[0] == 429 else [1.0, 3.0])


def test_an_outage_that_stays_is_an_outage(world: MediaWorld) -> None:
    """It can be tried again later, and is not "not found"."""
    world.api = [(503, {}, b"")]
    with pytest.raises(MediaUnavailableError) as caught:
        list(world.service().iter_media(world.item()))
    assert caught.value.retryable
    assert caught.value.status_code == 503


def test_a_server_that_is_not_there_is_an_outage(world: MediaWorld) -> None:
    """Nobody listens: asked again, then unavailable."""
    gone = "http://127.0.0.1:9"
    service = world.service(api_base_url=gone)
    asked_for = world.item()
    with pytest.raises(MediaUnavailableError):
        list(service.iter_media(asked_for._replace(url=asked_for.url.replace(world.api_url, gone))))
    assert world.slept == [1.0, 3.0]


def test_a_wait_that_does_not_fit_is_not_begun(world: MediaWorld) -> None:
    """With less time left than the wait takes, the error comes at once."""
    world.api = [(404, {}, b"")]
    with use_deadline(Deadline(0.9)), pytest.raises(MediaNotFoundError):
        list(world.service().iter_media(world.item()))
    assert world.slept == []


def test_without_time_nothing_is_asked(world: MediaWorld) -> None:
    """A deadline that is over is an error of its own."""
    with use_deadline(Deadline(0)), pytest.raises(DeadlineExceededError):
        list(world.service().iter_media(world.item()))
    assert world.asked == []


def test_a_rotated_token_is_replaced_by_the_next(world: MediaWorld) -> None:
    """A 401 is answered with the next token at once, which is then kept."""
    world.api = [(401, {}, b""), world.redirect()]
    service = world.service(auth_tokens=("new", "old"))
    assert b"".join(service.iter_media(world.item())) == AUDIO
    assert b"".join(service.iter_media(world.item())) == AUDIO
    sent = [credentials for which, _, credentials in world.asked if which == "api"]
    assert sent == [basic("new"), basic("old"), basic("old")]
    assert world.slept == []


def test_threads_do_not_skip_a_token(world: MediaWorld) -> None:
    """Two downloads that are refused at the same time both go on with the next token."""
    both = threading.Barrier(2, timeout=10)

    def answer(request: BaseHTTPRequestHandler) -> None:
        good = request.headers["Authorization"] == basic("old")
        if not good:
            both.wait()
        request.send_response(200 if good else 401)
        request.send_header("Content-Length", str(len(AUDIO) if good else 0))
        request.end_headers()
        request.wfile.write(AUDIO if good else b"")

    world.api_url = f"http://127.0.0.1:{world.stack.enter_context(serving(answer))}"
    service = world.service(auth_tokens=("new", "old"))
    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(lambda item: b"".join(service.iter_media(item)), [world.item(), world.item()]))
    assert got == [AUDIO, AUDIO]


def test_tokens_that_are_all_refused_are_named(world: MediaWorld) -> None:
    """Each is tried once; then it is a matter for the operator."""
    world.api = [(401, {}, b"")]
    with pytest.raises(TwilioMediaError, match="every auth token") as caught:
        list(world.service(auth_tokens=("one-secret", "two-secret")).iter_media(world.item()))
    assert len(world.asked) == 2
    assert "secret" not in str(caught.value)
    assert not caught.value.retryable


@pytest.mark.parametrize("status", [204, 400, 403, 410])
def test_another_answer_is_an_error(world: MediaWorld, status: int) -> None:
    """What is neither a file nor a reason to wait ends it."""
    world.api = [(status, {}, b"")]
    with pytest.raises(TwilioMediaError):
        list(world.service().iter_media(world.item()))
    assert len(world.asked) == 1


def test_too_much_is_known_from_its_length(world: MediaWorld) -> None:
    """A length over the cap is refused before a byte is read."""
    world.cdn = [(200, {}, AUDIO)]
    with (
        pytest.raises(MediaTooLargeError),
        world.service(max_media_bytes=len(AUDIO) - 1).stream_media(world.item()),
    ):
        pytest.fail("it was opened")


def test_the_largest_media_passes(world: MediaWorld) -> None:
    """Exactly the cap is allowed."""
    assert b"".join(world.service(max_media_bytes=len(AUDIO)).iter_media(world.item())) == AUDIO


def test_too_much_is_found_while_it_comes(world: MediaWorld) -> None:
    """Without a length the bytes are counted, and never more than the cap is given out."""
    chunk = b"%x\r\n%s\r\n" % (len(AUDIO), AUDIO)
    body = chunk * 20 + b"0\r\n\r\n"
    world.cdn = [(200, {"Transfer-Encoding": "chunked"}, body)]
    service = world.service(max_media_bytes=len(AUDIO) * 10)
    pieces: list[bytes] = []
    with pytest.raises(MediaTooLargeError):
        pieces.extend(service.iter_media(world.item()))
    assert 0 < len(b"".join(pieces)) <= len(AUDIO) * 10


def test_a_compressed_answer_is_refused(world: MediaWorld) -> None:
    """Nobody asked for one, and it could unpack to any size."""
    world.cdn = [(200, {"Content-Encoding": "gzip"}, gzip.compress(AUDIO))]
    with pytest.raises(TwilioMediaError):
        list(world.service().iter_media(world.item()))


def test_a_truncated_body_is_no_whole(world: MediaWorld) -> None:
    """A connection that ends too early is an outage, not the end of the file."""
    world.cdn = [(200, {"Content-Length": str(2 * len(AUDIO))}, AUDIO)]
    with pytest.raises(MediaUnavailableError):
        list(world.service().iter_media(world.item()))


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"OggS" + bytes(24) + b"OpusHead", id="Ogg Opus"),
        pytest.param(b"ID3\x04", id="MP3 with tags"),
        pytest.param(b"\xff\xfb\x90\x00", id="MP3"),
        pytest.param(b"\xff\xf1\x50\x80", id="AAC"),
        pytest.param(b"\x00\x00\x00\x20ftypM4A ", id="M4A"),
        pytest.param(b"\x00\x00\x00\x20ftypisom", id="MP4"),
        pytest.param(b"\x00\x00\x00\x203gp4"[:4] + b"ftyp3gp4", id="3GPP"),
        pytest.param(b"#!AMR\n", id="AMR"),
        pytest.param(b"RIFF\x00\x00\x00\x00WAVE", id="WAV"),
        pytest.param(b"fLaC", id="FLAC"),
    ],
)
def test_audio_is_known_by_its_first_bytes(world: MediaWorld, head: bytes) -> None:
    """Each kind of audio that a phone sends passes."""
    body = head + bytes(100)
    world.cdn = [(200, {}, body)]
    assert b"".join(world.service().iter_media(world.item("audio/whatever"))) == body


@pytest.mark.parametrize(
    "body",
    [b"", b"not audio at all", b"\x89PNG\r\n\x1a\n" + bytes(50), b"<html>", b"%PDF-1.7", b"RIFF\x00\x00\x00\x00WEBP"],
)
def test_what_only_says_that_it_is_audio_is_refused(world: MediaWorld, body: bytes) -> None:
    """Before anything is stored, since nothing is given out."""
    world.cdn = [(200, {"Content-Type": "audio/ogg"}, body)]
    with pytest.raises(MediaTypeError), world.service().stream_media(world.item()):
        pytest.fail("it was opened")


@pytest.mark.parametrize(
    ("accept", "content_type", "allowed"),
    [
        (("audio/",), "audio/ogg; codecs=opus", True),
        (("audio/",), "image/png", False),
        (("audio/ogg",), "audio/ogg", True),
        (("audio/ogg",), "audio/oggs", False),
        (("audio/ogg",), "audio/mpeg", False),
        (None, "image/png", True),
    ],
)
def test_only_accepted_types_are_asked_for(
    world: MediaWorld, accept: Iterable[str] | None, content_type: str, *, allowed: bool
) -> None:
    """By default audio; a type that will not do is refused before anything is asked for."""
    service, asked_for = world.service(), world.item(content_type)
    if allowed:
        assert b"".join(service.iter_media(asked_for, accept=accept)) == AUDIO
    else:
        with pytest.raises(MediaTypeError):
            list(service.iter_media(asked_for, accept=accept))
        assert world.asked == []


def test_media_is_stored_as_it_arrives(world: MediaWorld) -> None:
    """The store gets key, chunks and type, and what it returns comes back."""
    stored: dict[str, Any] = {}

    def upload(key: str, chunks: Iterable[bytes], /, *, content_type: str) -> str:
        stored[key] = (b"".join(chunks), content_type)
        return "etag"

    assert world.service().store_media(world.item(), "notes/1.ogg", upload) == "etag"
    assert stored == {"notes/1.ogg": (AUDIO, "audio/ogg")}


def test_only_so_many_are_stored_at_once(world: MediaWorld) -> None:
    """The next one waits for its turn, and no longer than there is time."""
    service = world.service(media_parallel=1)

    def upload(key: str, chunks: Iterable[bytes], /, *, content_type: str) -> int:
        if key == "outer":
            with use_deadline(Deadline(0.01)), pytest.raises(DeadlineExceededError, match="waiting"):
                service.store_media(world.item(), "inner", upload)
        return sum(len(chunk) for chunk in chunks)

    assert service.store_media(world.item(), "outer", upload) == len(AUDIO)
    assert service.store_media(world.item(), "next", upload) == len(AUDIO)


def test_the_store_hears_of_a_broken_download(world: MediaWorld) -> None:
    """The error comes out of the chunks, so that a started upload is given up."""
    long = AUDIO * 40
    world.cdn = [(200, {"Content-Length": str(2 * len(long))}, long)]
    heard: list[str] = []

    def upload(key: str, chunks: Iterable[bytes], /, *, content_type: str) -> None:
        try:
            for _ in chunks:
                pass
        except Exception as error:
            heard.append(type(error).__name__)
            raise

    with pytest.raises(MediaUnavailableError):
        world.service().store_media(world.item(), "notes/1.ogg", upload)
    assert heard == ["MediaUnavailableError"]
