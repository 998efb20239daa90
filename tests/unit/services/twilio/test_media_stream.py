"""Media streams: the limit of their size, and the check of their type."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from ai_voice_shared.errors import MediaTooLargeError, MediaTypeError, MediaUnavailableError, TwilioMediaError

from .conftest import AUDIO

if TYPE_CHECKING:
    from .conftest import MediaServers

pytestmark = pytest.mark.unit


def test_a_declared_length_over_the_cap_is_rejected(servers: MediaServers) -> None:
    """A length above the limit is rejected before a byte is read."""
    servers.cdn = [(200, {}, AUDIO)]
    with (
        pytest.raises(MediaTooLargeError),
        servers.service(max_media_bytes=len(AUDIO) - 1).stream_media(servers.item()),
    ):
        pytest.fail("it was opened")


def test_media_of_exactly_the_cap_is_accepted(servers: MediaServers) -> None:
    """Media of exactly the limit is accepted."""
    assert b"".join(servers.service(max_media_bytes=len(AUDIO)).iter_media(servers.item())) == AUDIO


def test_bytes_over_the_cap_are_rejected(servers: MediaServers) -> None:
    """Without a length the bytes are counted, and at most the limit is returned."""
    chunk = b"%x\r\n%s\r\n" % (len(AUDIO), AUDIO)
    body = chunk * 20 + b"0\r\n\r\n"
    servers.cdn = [(200, {"Transfer-Encoding": "chunked"}, body)]
    service = servers.service(max_media_bytes=len(AUDIO) * 10)
    pieces: list[bytes] = []
    with pytest.raises(MediaTooLargeError):
        pieces.extend(service.iter_media(servers.item()))
    assert 0 < len(b"".join(pieces)) <= len(AUDIO) * 10


def test_a_compressed_response_is_rejected(servers: MediaServers) -> None:
    """A compressed response, which could expand to any size, is rejected."""
    servers.cdn = [(200, {"Content-Encoding": "gzip"}, gzip.compress(AUDIO))]
    with pytest.raises(TwilioMediaError):
        list(servers.service().iter_media(servers.item()))


def test_a_truncated_body_is_an_outage(servers: MediaServers) -> None:
    """A connection that ends too early is an outage, not the end of the file."""
    servers.cdn = [(200, {"Content-Length": str(2 * len(AUDIO))}, AUDIO)]
    with pytest.raises(MediaUnavailableError):
        list(servers.service().iter_media(servers.item()))


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
def test_audio_is_recognised(servers: MediaServers, head: bytes) -> None:
    """Each audio format that phones send is detected by its first bytes."""
    body = head + bytes(100)
    servers.cdn = [(200, {}, body)]
    assert b"".join(servers.service().iter_media(servers.item("audio/whatever"))) == body


@pytest.mark.parametrize(
    "body",
    [b"", b"not audio at all", b"\x89PNG\r\n\x1a\n" + bytes(50), b"<html>", b"%PDF-1.7", b"RIFF\x00\x00\x00\x00WEBP"],
)
def test_other_content_declared_as_audio_is_rejected(servers: MediaServers, body: bytes) -> None:
    """Content that is declared as audio and is not is rejected before a byte is returned."""
    servers.cdn = [(200, {"Content-Type": "audio/ogg"}, body)]
    with pytest.raises(MediaTypeError), servers.service().stream_media(servers.item()):
        pytest.fail("it was opened")
