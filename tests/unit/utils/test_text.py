"""Cutting, cleaning and looking through text."""

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
    """The result is never longer than asked for, and a text that fits is not touched."""
    cut = truncate_text(text, max_length)
    assert len(cut) <= max_length
    assert cut == text or len(text) > max_length
    assert text.startswith(cut.removesuffix("..."))


def test_truncation_falls_between_words() -> None:
    """A whole word is kept where there is one near; a text without spaces is cut where it is."""
    assert truncate_text("Long text that goes on", 15) == "Long text..."
    assert truncate_text("a" * 20, 10) == "a" * 7 + "..."
    assert truncate_text("Long text...", 50) == "Long text..."


def test_a_negative_length_is_refused() -> None:
    """It is a mistake of the caller's."""
    with pytest.raises(ValueError, match="negative"):
        truncate_text("a", -1)


@given(st.text(max_size=300), st.integers(min_value=1, max_value=40), st.data())
def test_chunks_hold_the_whole_text(text: str, size: int, data: st.DataObject) -> None:
    """Without the overlap the pieces are the text again; none is longer than asked for."""
    overlap = data.draw(st.integers(min_value=0, max_value=size - 1))
    chunks = chunk_text(text, size, overlap=overlap)
    assert all(0 < len(chunk) <= size for chunk in chunks)
    assert "".join([*chunks[:1], *(chunk[overlap:] for chunk in chunks[1:])]) == text
    for before, after in pairwise(chunks):
        assert not overlap or before.endswith(after[:overlap])


def test_chunks_fall_between_words() -> None:
    """A cut goes behind white space where there is any in the second half."""
    assert chunk_text("one two three four", 10) == ["one two ", "three four"]


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (5, 5), (5, -1)])
def test_numbers_that_do_not_fit_are_refused(size: int, overlap: int) -> None:
    """An overlap as long as the piece would never end."""
    with pytest.raises(ValueError, match="overlap"):
        chunk_text("text", size, overlap=overlap)


@given(st.text())
def test_clean_text_is_clean(text: str) -> None:
    """One line, single spaces, nothing invisible; cleaning again changes nothing."""
    clean = clean_text(text)
    assert clean == " ".join(clean.split())
    assert not [letter for letter in clean if unicodedata.category(letter) in {"Cc", "Cs"}]
    assert clean_text(clean) == clean


def test_joined_emoji_stay_together() -> None:
    """A family is one picture, held by zero-width joiners."""
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert clean_text(f" {family} ") == family


def test_lines_may_stay() -> None:
    """Paragraphs are kept apart by one empty line at most."""
    assert clean_text(" a \n\n\n\n b  c \n", keep_newlines=True) == "a\n\nb c"


@given(st.lists(st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True), unique=True, max_size=6))
def test_all_tags_and_names_are_found(names: list[str]) -> None:
    """Whatever is marked in plain text is found, in order."""
    assert extract_hashtags(" and ".join(f"#{name}" for name in names)) == names
    assert extract_mentions(", ".join(f"@{name}" for name in names)) == names


@pytest.mark.parametrize(
    "text", ["info@example.com", "https://a.example/@top", "https://a.example/#top", "a#b", "#1", "&#39;"]
)
def test_addresses_and_urls_hold_no_tags_or_names(text: str) -> None:
    """A mark inside a word is none."""
    assert extract_hashtags(text) == extract_mentions(text) == []
