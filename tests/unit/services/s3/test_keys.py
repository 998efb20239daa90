"""Keys, metadata and content types."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.errors import InvalidS3KeyError, ValidationError
from ai_voice_shared.observability.correlation import use_correlation_id
from ai_voice_shared.services.s3.keys import (
    MAX_KEY_BYTES,
    MAX_METADATA_BYTES,
    S3Key,
    build_key,
    decode_metadata,
    encode_metadata,
    guess_content_type,
)

pytestmark = pytest.mark.unit


UNSAFE = ["", "/a", "../a", "a/../b", "a/..", "./a", "a/.", "a\nb", "a\x00b", "a\x7f", "a\u2028b", "\ud800"]


@pytest.mark.parametrize("key", [*UNSAFE, "x" * 1025, "é" * 513])
def test_an_unsafe_key_is_refused(key: str) -> None:
    """An unsafe key is an error that does not quote it, also one that emulators accept and AWS does not."""
    with pytest.raises(InvalidS3KeyError) as caught:
        S3Key(key)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize("key", [None, b"a", 7])
def test_a_key_must_be_text(key: Any) -> None:
    """A key that is not text is a named error, as any other bad input."""
    with pytest.raises(InvalidS3KeyError):
        S3Key(key)


@pytest.mark.parametrize("key", ["a", "a b", "ä/ö", "a..b/..c", "a//b", "x" * 1024, "é" * 512, "-", "~"])
def test_a_safe_key_that_s3_accepts_is_valid(key: str) -> None:
    """A key may have 1024 bytes of any letters; two dots harm only as a whole part."""
    assert S3Key(key) == key
    assert isinstance(S3Key(key), str)


@given(parts=st.lists(st.text(), min_size=1, max_size=5), suffix=st.text(max_size=8))
def test_no_part_leaves_its_folder(parts: list[str], suffix: str) -> None:
    """Any parts are refused, or become a key of just as many parts in a safe alphabet."""
    try:
        key = build_key("root", *parts, suffix=suffix)
    except InvalidS3KeyError:
        return
    assert key.split("/")[0] == "root"
    assert len(key.split("/")) == len(parts) + 1
    assert key.isascii()
    assert ".." not in key.split("/")
    assert len(key.encode()) <= MAX_KEY_BYTES


@pytest.mark.parametrize(
    "part", ["", ".", "..", "a/b", "a\\b", "a b", "a\n", "ä", ".hidden", "-a", "a%2Fb", "٣", None, 7]
)
def test_a_part_with_other_characters_is_refused(part: Any) -> None:
    """A part with characters outside the safe alphabet is refused, since parts can be user input."""
    with pytest.raises(InvalidS3KeyError, match="part 2"):
        build_key("notes", part)


@pytest.mark.parametrize("suffix", ["ogg", ".", "..", "./a", ".o gg", ".ogg/"])
def test_a_suffix_is_a_file_extension(suffix: str) -> None:
    """A suffix is a file extension with its dot, and nothing else."""
    with pytest.raises(InvalidS3KeyError):
        build_key("notes", suffix=suffix)


def test_a_key_needs_parts_and_has_a_limit() -> None:
    """A key without parts is refused, and so is one with too many."""
    with pytest.raises(InvalidS3KeyError):
        build_key()
    with pytest.raises(InvalidS3KeyError, match="1024"):
        build_key(*["x" * 100] * 11)


@given(value=st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_text_survives_as_metadata(value: str) -> None:
    """Any text is decoded as it was, from what HTTP and botocore accept."""
    sent = encode_metadata({"Text": value})
    assert sent["text"].isascii()
    assert sent["text"].isprintable()
    assert sent["text"] == sent["text"].strip()
    assert decode_metadata(sent) == {"text": value}


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ("=?UTF-8?Q?K=C3=B6ln?=", "Köln"),
        ("=?utf-8?b?S8O2bG4=?=", "Köln"),
        ("=?UTF-8?B?S8O2?= =?UTF-8?B?bG4=?=", "Köln"),
        ("=?nonsense", "=?nonsense"),
        ("=?no-such-charset?B?S8O2bG4=?=", "=?no-such-charset?B?S8O2bG4=?="),
        ("plain", "plain"),
    ],
)
def test_metadata_of_other_writers_is_read(stored: str, expected: str) -> None:
    """Both of S3's own encodings are decoded; text that only looks encoded is unchanged."""
    assert decode_metadata({"x": stored}) == {"x": expected}


@pytest.mark.parametrize("name", ["", "a b", "ä", "a:b", "a\n", "a/b"])
def test_an_invalid_header_name_is_refused(name: str) -> None:
    """A metadata name that would alter the request is refused."""
    with pytest.raises(ValidationError):
        encode_metadata({name: "x"})


def test_metadata_has_a_limit() -> None:
    """Metadata over AWS's limit is refused, though emulators accept it."""
    encode_metadata({"x": "a" * (MAX_METADATA_BYTES - 1)})
    with pytest.raises(ValidationError, match="2048"):
        encode_metadata({"x": "a" * MAX_METADATA_BYTES})
    with pytest.raises(ValidationError, match="2048"):
        encode_metadata({"x": "é" * 1000})


def test_the_correlation_id_is_added() -> None:
    """Metadata has the current correlation id, unless the caller gives another."""
    with use_correlation_id("order-7"):
        assert encode_metadata(None) == {"correlation-id": "order-7"}
        assert encode_metadata({"Correlation-Id": "mine"}) == {"correlation-id": "mine"}
    assert encode_metadata(None) == {}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("a.ogg",), "audio/ogg"),
        (("a.OGG",), "audio/ogg"),
        (("a.opus",), "audio/ogg"),
        (("a.m4a",), "audio/mp4"),
        (("a.amr",), "audio/amr"),
        (("a.json",), "application/json"),
        (("a.json.gz",), "application/octet-stream"),
        (("a", "b.txt"), "text/plain"),
        (("a",), "application/octet-stream"),
        ((), "application/octet-stream"),
    ],
)
def test_a_content_type_is_guessed_from_the_extension(names: tuple[str, ...], expected: str) -> None:
    """A content type is the same on every machine and in every Python version."""
    assert guess_content_type(*names) == expected
