"""Text is truncated, split, cleaned and searched."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.utils import chunk_text, clean_text, extract_hashtags, extract_mentions, truncate_text

pytestmark = pytest.mark.unit


@given(st.text(), st.integers(min_value=0, max_value=60))
def test_truncation_keeps_the_length(text: str, max_length: int) -> None:
    """The result is never longer than requested, and a text that fits is unchanged."""
    cut = truncate_text(text, max_length)
    assert len(cut) <= max_length
    assert cut == text or len(text) > max_length
    assert text.startswith(cut.removesuffix("..."))


def test_truncation_falls_between_words() -> None:
    """Truncation falls between words if a space is near, and inside a word otherwise."""
    assert truncate_text("Long text that goes on", 15) == "Long text..."
    assert truncate_text("a" * 20, 10) == "a" * 7 + "..."
    assert truncate_text("Long text...", 50) == "Long text..."


def test_a_negative_length_is_rejected() -> None:
    """A negative length is a ValueError."""
    with pytest.raises(ValueError, match="negative"):
        truncate_text("a", -1)


@given(st.text(max_size=300), st.integers(min_value=1, max_value=40), st.data())
def test_chunks_hold_the_whole_text(text: str, size: int, data: st.DataObject) -> None:
    """Without their overlap the joined chunks are the text, and none is longer than requested."""
    overlap = data.draw(st.integers(min_value=0, max_value=size - 1))
    chunks = chunk_text(text, size, overlap=overlap)
    assert all(0 < len(chunk) <= size for chunk in chunks)
    assert "".join([*chunks[:1], *(chunk[overlap:] for chunk in chunks[1:])]) == text
    for before, after in pairwise(chunks):
        assert not overlap or before.endswith(after[:overlap])


def test_chunks_fall_between_words() -> None:
    """A chunk ends after white space if there is any in its second half."""
    assert chunk_text("one two three four", 10) == ["one two ", "three four"]


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (5, 5), (5, -1)])
def test_an_invalid_overlap_is_rejected(size: int, overlap: int) -> None:
    """An overlap that is negative or as long as a chunk is a ValueError."""
    with pytest.raises(ValueError, match="overlap"):
        chunk_text("text", size, overlap=overlap)


@given(st.text())
def test_clean_text_is_clean(text: str) -> None:
    """Clean text is one line with single spaces and no invisible character, and cleaning it again changes nothing."""
    clean = clean_text(text)
    assert clean == " ".join(clean.split())
    assert not [letter for letter in clean if unicodedata.category(letter) in {"Cc", "Cs"}]
    assert clean_text(clean) == clean


def test_joined_emoji_stay_together() -> None:
    """An emoji of a family keeps its zero-width joiners."""
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert clean_text(f" {family} ") == family


def test_lines_can_be_preserved() -> None:
    """With `keep_newlines` at most one empty line remains between paragraphs."""
    assert clean_text(" a \n\n\n\n b  c \n", keep_newlines=True) == "a\n\nb c"


@given(st.lists(st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True), unique=True, max_size=6))
def test_all_tags_and_names_are_found(names: list[str]) -> None:
    """Every hashtag and mention in plain text is found, in order."""
    assert extract_hashtags(" and ".join(f"#{name}" for name in names)) == names
    assert extract_mentions(", ".join(f"@{name}" for name in names)) == names


@pytest.mark.parametrize(
    "text", ["info@example.com", "https://a.example/@top", "https://a.example/#top", "a#b", "#1", "&#39;"]
)
def test_addresses_and_urls_hold_no_tags_or_names(text: str) -> None:
    """A `#` or `@` in an e-mail address, URL or word is not a hashtag or mention."""
    assert extract_hashtags(text) == extract_mentions(text) == []
