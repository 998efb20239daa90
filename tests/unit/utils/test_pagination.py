"""Pagination of lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.utils import paginate

pytestmark = pytest.mark.unit


@given(st.lists(st.integers(), max_size=50), st.integers(min_value=1, max_value=12))
def test_all_pages_together_are_the_list(items: list[int], per_page: int) -> None:
    """Following `next_page` yields every item once, in order, and ends."""
    page = paginate(items, per_page=per_page)
    seen = list(page.items)
    while page.next_page is not None:
        before = page.page
        page = paginate(items, page=page.next_page, per_page=per_page)
        assert page.previous_page == before
        seen += page.items
    assert seen == items
    assert page.page == max(page.pages, 1)


def test_a_page_after_the_last_is_empty() -> None:
    """A page after the last is empty, and has a previous page only if that has items."""
    page = paginate([1, 2, 3], page=3, per_page=2)
    assert (page.items, page.has_next, page.previous_page) == ((), False, 2)
    assert paginate([1, 2, 3], page=9, per_page=2).previous_page is None


def test_a_page_is_the_body_of_a_response() -> None:
    """The dictionary of a page has its items and the metadata for navigation."""
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
def test_numbers_below_one_are_rejected(page: int, per_page: int) -> None:
    """A page or a page size below one is a ValueError."""
    with pytest.raises(ValueError, match="at least 1"):
        paginate([], page=page, per_page=per_page)
