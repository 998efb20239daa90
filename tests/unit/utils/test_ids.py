"""Random, readable and sortable ids."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.utils import generate_short_id, generate_slug, generate_timestamp_id, generate_uuid

pytestmark = pytest.mark.unit


def test_a_uuid_is_random_and_of_version_4() -> None:
    """A generated UUID has version 4, and no two are the same."""
    first, second = generate_uuid(), generate_uuid()
    assert uuid.UUID(first).version == 4
    assert first != second


@given(st.integers(min_value=1, max_value=64))
def test_a_short_id_has_the_length_asked_for(length: int) -> None:
    """A short id has the requested length and only unambiguous characters."""
    assert re.fullmatch(rf"[2-9a-hjkmnp-z]{{{length}}}", generate_short_id(length))


def test_an_empty_short_id_is_rejected() -> None:
    """A length of zero is a ValueError."""
    with pytest.raises(ValueError, match="at least 1"):
        generate_short_id(0)


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_a_slug_is_safe_in_a_url(text: str, max_length: int) -> None:
    """The slug of any text has ASCII words with single hyphens, and is not longer than requested."""
    slug = generate_slug(text, max_length=max_length)
    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", slug)
    assert len(slug) <= max_length


@given(st.text())
def test_a_slug_of_a_slug_is_the_slug(text: str) -> None:
    """A slug is unchanged when it is generated again."""
    slug = generate_slug(text)
    assert generate_slug(slug) == slug


def test_timestamp_ids_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later id sorts after an earlier one, also across a power of sixteen."""
    stamps = iter([0xFFF * 1_000_000, 0x1000 * 1_000_000])
    monkeypatch.setattr("ai_voice_shared.utils.ids.time.time_ns", lambda: next(stamps))
    assert generate_timestamp_id() < generate_timestamp_id()


def test_timestamp_ids_of_one_millisecond_differ() -> None:
    """Ids of the same millisecond differ in their random part."""
    assert len({generate_timestamp_id("evt") for _ in range(100)}) == 100
