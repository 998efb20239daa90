"""Pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.utils import paginate

pytestmark = pytest.mark.unit


@given(st.lists(st.integers(), max_size=50), st.integers(min_value=1, max_value=12))
def test_all_pages_together_are_the_list(items: list[int], per_page: int) -> None:
    """Following `next_page` gives every item once, in order, and ends."""
    page = paginate(items, per_page=per_page)
    seen = list(page.items)
    while page.next_page is not None:
        before = page.page
        page = paginate(items, page=page.next_page, per_page=per_page)
        assert page.previous_page == before
        seen += page.items
    assert seen == items
    assert page.page == max(page.pages, 1)


def test_a_page_behind_the_end_is_empty() -> None:
    """It leads back to the last one, but only if that is the one before."""
    page = paginate([1, 2, 3], page=3, per_page=2)
    assert (page.items, page.has_next, page.previous_page) == ((), False, 2)
    assert paginate([1, 2, 3], page=9, per_page=2).previous_page is None


def test_metadata() -> None:
    """The body of an answer has all that a reader needs."""
    assert paginate(["a", "b", "c"], page=2, per_page=2).to_dict() == {
        "items": ["c"],
        "pagination": {
            "page": 2,
            "per_page": 2,
            "total": 3,
            "pages": 2,
            "has_next": False,
            "has_previous": True,
            "next_page": None,
            "previous_page": 1,
        },
    }


@pytest.mark.parametrize(("page", "per_page"), [(0, 1), (1, 0)])
def test_numbers_below_one_are_refused(page: int, per_page: int) -> None:
    """There is no page 0."""
    with pytest.raises(ValueError, match="at least 1"):
        paginate([], page=page, per_page=per_page)
