"""Names, sizes, hashes and media types of files."""

from __future__ import annotations

import gzip
import hashlib
import io
import wave
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.utils import calculate_hash, content_type_of, format_file_size, sanitize_filename

pytestmark = pytest.mark.unit

VOICE_NOTE = Path(__file__).parents[2] / "e2e" / "data" / "voice-note.ogg"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("my file.txt", "my_file.txt"),
        ("my file.pdf", "my_file.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\note.ogg", "note.ogg"),
        ("..", "file"),
        ("", "file"),
        ("a\x00b\n.txt", "a_b_.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        ("CON.txt", "_CON.txt"),
        ("résumé.pdf", "résumé.pdf"),
        (".bashrc", "bashrc"),
        ("a..b", "a..b"),
    ],
)
def test_a_filename_is_sanitized(name: str, expected: str) -> None:
    """Folders are removed, unsafe characters become an underscore, and letters are unchanged."""
    assert sanitize_filename(name) == expected


@given(st.text(max_size=400), st.integers(min_value=20, max_value=255))
def test_a_filename_is_always_safe(name: str, max_bytes: int) -> None:
    """A sanitized name has no separator or control character, fits the length, and is neither dots nor empty."""
    safe = sanitize_filename(name, max_bytes=max_bytes)
    assert safe
    assert safe not in {".", ".."}
    assert len(safe.encode()) <= max_bytes
    assert not set(safe) & set('/\\<>:"|?*\x00\n')
    assert sanitize_filename(safe, max_bytes=max_bytes) == safe


def test_truncation_preserves_the_extension() -> None:
    """A name that is too long loses characters before its extension."""
    assert sanitize_filename("é" * 300 + ".ogg", max_bytes=21) == "é" * 8 + ".ogg"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KB"),
        (1536, "1.5 KB"),
        (2**20 - 1, "1.0 MB"),
        (16 * 2**20, "16.0 MB"),
        (2**60, "1024.0 PB"),
    ],
)
def test_a_size_is_formatted(size: int, expected: str) -> None:
    """A size has one decimal and steps of 1024, and "1024.0" of a unit is 1.0 of the next."""
    assert format_file_size(size) == expected


def test_a_negative_size_is_rejected() -> None:
    """A negative size is a ValueError."""
    with pytest.raises(ValueError, match="must not be negative"):
        format_file_size(-1)


@given(st.binary(max_size=3000))
def test_hash_of_bytes_and_of_a_file(content: bytes) -> None:
    """The hash of bytes and of a file equals hashlib's."""
    expected = hashlib.sha256(content).hexdigest()
    assert calculate_hash(content) == calculate_hash(io.BytesIO(content)) == expected


def test_another_algorithm() -> None:
    """Any algorithm of hashlib can be used."""
    assert calculate_hash(b"", "md5") == "d41d8cd98f00b204e9800998ecf8427e"


def test_the_type_of_a_real_voice_note() -> None:
    """A voice note from WhatsApp is detected as Ogg audio."""
    assert content_type_of(VOICE_NOTE.read_bytes()) == "audio/ogg"


def test_the_type_of_files_that_the_standard_library_writes() -> None:
    """Real WAVE, ZIP and Office files are detected, and gzip is unknown."""
    sound = io.BytesIO()
    with wave.open(sound, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", ""))
        writer.writeframes(b"\0\0")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer_zip:
        writer_zip.writestr("a.txt", "a")
    document = io.BytesIO()
    with zipfile.ZipFile(document, "w") as writer_zip:
        writer_zip.writestr("[Content_Types].xml", "<Types/>")
        writer_zip.writestr("word/document.xml", "<w/>")
    assert content_type_of(sound.getvalue()) == "audio/wav"
    assert content_type_of(archive.getvalue()) == "application/zip"
    assert str(content_type_of(document.getvalue())).endswith("wordprocessingml.document")
    assert content_type_of(gzip.compress(b"a")) is None


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x1cftyp3gp5", "video/3gpp"),
        (b"\x00\x00\x00\x1cftypisom", "video/mp4"),
        (b"\x00\x00\x00\x1cftypM4A ", "audio/mp4"),
        (b"#!AMR\n\x3c", "audio/amr"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"\xff\xfb\xf0\x64", None),
        (b"\xff\xff\xff\xff", None),
        (b"ID3\x04", "audio/mpeg"),
        (b"%PDF-1.7", "application/pdf"),
        (b"OggS" + bytes(24) + b"\x80theora", "video/ogg"),
        (b"", None),
        (b"\xff", None),
    ],
)
def test_a_type_is_detected(head: bytes, expected: str | None) -> None:
    """Each type is detected by its signature, and similar bytes are unknown."""
    assert content_type_of(head) == expected


@given(st.binary(max_size=64))
def test_any_bytes_have_a_type_or_none(head: bytes) -> None:
    """Any bytes have a type or None, and never cause an error."""
    assert content_type_of(head) is None or "/" in str(content_type_of(head))
