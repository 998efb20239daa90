"""Ids."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.utils import generate_short_id, generate_slug, generate_timestamp_id, generate_uuid

pytestmark = pytest.mark.unit


def test_a_uuid_is_random_and_of_version_4() -> None:
    """The text is a UUID, and no two are the same."""
    first, second = generate_uuid(), generate_uuid()
    assert uuid.UUID(first).version == 4
    assert first != second


@given(st.integers(min_value=1, max_value=64))
def test_a_short_id_has_the_length_asked_for(length: int) -> None:
    """Only characters that cannot be mixed up are used."""
    assert re.fullmatch(rf"[2-9a-hjkmnp-z]{{{length}}}", generate_short_id(length))


def test_a_short_id_of_nothing_is_refused() -> None:
    """An empty id would be the same for all."""
    with pytest.raises(ValueError, match="at least 1"):
        generate_short_id(0)


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_a_slug_is_safe_in_a_url(text: str, max_length: int) -> None:
    """Whatever the text, the slug is words of ASCII with single hyphens, not longer than asked for."""
    slug = generate_slug(text, max_length=max_length)
    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", slug)
    assert len(slug) <= max_length


@given(st.text())
def test_a_slug_of_a_slug_is_the_slug(text: str) -> None:
    """Making it twice changes nothing."""
    slug = generate_slug(text)
    assert generate_slug(slug) == slug


def test_timestamp_ids_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later id is the greater text, also across a power of sixteen."""
    stamps = iter([0xFFF * 1_000_000, 0x1000 * 1_000_000])
    monkeypatch.setattr("ai_voice_shared.utils.ids.time.time_ns", lambda: next(stamps))
    assert generate_timestamp_id() < generate_timestamp_id()


def test_timestamp_ids_of_one_millisecond_differ() -> None:
    """The random part tells them apart."""
    assert len({generate_timestamp_id("evt") for _ in range(100)}) == 100
