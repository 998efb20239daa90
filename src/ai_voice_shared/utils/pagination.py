"""Pages of a list, with the metadata to request the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Page", "paginate"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The items of one page and its position.

    Attributes
    ----------
    items : tuple
        The items on the page.
    page : int
        The page's number, from 1.
    per_page : int
        Items on a full page.
    total : int
        Items on all pages.

    Examples
    --------
    >>> page = Page(items=("c", "d"), page=2, per_page=2, total=5)
    >>> page.pages, page.has_next, page.previous_page
    (3, True, 1)
    """

    items: tuple[T, ...]
    page: int
    per_page: int
    total: int

    @property
    def pages(self) -> int:
        """The number of pages; an empty list has none."""
        return -(-self.total // self.per_page)

    @property
    def has_next(self) -> bool:
        """Whether there is a next page."""
        return self.page < self.pages

    @property
    def has_previous(self) -> bool:
        """Whether there is a previous page that has items."""
        return 1 < self.page <= self.pages + 1 and self.pages > 0

    @property
    def next_page(self) -> int | None:
        """The number of the next page, if there is one."""
        return self.page + 1 if self.has_next else None

    @property
    def previous_page(self) -> int | None:
        """The number of the previous page, if there is one."""
        return self.page - 1 if self.has_previous else None

    def to_dict(self) -> dict[str, Any]:
        """Return items and metadata as the body of a response.

        Examples
        --------
        >>> paginate([1, 2, 3], per_page=2).to_dict()["pagination"]["pages"]
        2
        """
        return {
            "items": list(self.items),
            "pagination": {
                "page": self.page,
                "per_page": self.per_page,
                "total": self.total,
                "pages": self.pages,
                "has_next": self.has_next,
                "has_previous": self.has_previous,
                "next_page": self.next_page,
                "previous_page": self.previous_page,
            },
        }


def paginate(items: Sequence[T], page: int = 1, per_page: int = 20) -> Page[T]:
    """Return one page of a list. A page after the last one is empty.

    Parameters
    ----------
    items
        All items.
    page
        The page's number, from 1.
    per_page
        Items on a page.

    Raises
    ------
    ValueError
        `page` or `per_page` is less than one.

    Examples
    --------
    >>> paginate("abcde", page=2, per_page=2).items
    ('c', 'd')
    """
    if page < 1 or per_page < 1:
        msg = f"page and per_page must be at least 1, not {page} and {per_page}"
        raise ValueError(msg)
    start = (page - 1) * per_page
    return Page(items=tuple(items[start : start + per_page]), page=page, per_page=per_page, total=len(items))
