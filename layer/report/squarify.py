"""Rectangles with the areas of given numbers, each as near to a square as it can be.

The algorithm is that of Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Rectangle", "squarify"]


class Rectangle(NamedTuple):
    """Left, top, width and height, in whatever unit the outermost one has."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Width by height."""
        return self.width * self.height


def squarify(sizes: Sequence[float], into: Rectangle) -> list[Rectangle]:
    """Divide a rectangle.

    Parameters
    ----------
    sizes
        Positive numbers, the largest first.
    into
        What is divided, all of it.

    Returns
    -------
    list
        A rectangle for each number, in their order; areas are in the proportion of the numbers.

    Examples
    --------
    >>> [tuple(one) for one in squarify([3, 1], Rectangle(0, 0, 4, 1))]
    [(0, 0, 3.0, 1.0), (3.0, 0, 1.0, 1.0)]
    """
    total = sum(sizes)
    found: list[Rectangle] = []
    left, start = into, 0
    scale = into.area / total if total else 0.0
    while start < len(sizes):
        side = min(left.width, left.height)
        end, area = start + 1, sizes[start] * scale
        # A row grows for as long as its worst rectangle becomes squarer.
        while end < len(sizes):
            more = area + sizes[end] * scale
            if _worst(sizes[start], sizes[end], more, side, scale) > _worst(
                sizes[start], sizes[end - 1], area, side, scale
            ):
                break
            area, end = more, end + 1
        row, left = _row([size * scale for size in sizes[start:end]], area, left)
        found += row
        start = end
    return found


def _worst(largest: float, smallest: float, area: float, side: float, scale: float) -> float:
    """Give the longest side by the shortest of a row's worst rectangle."""
    return max(side**2 * largest * scale / area**2, area**2 / (side**2 * smallest * scale))


def _row(areas: Sequence[float], area: float, left: Rectangle) -> tuple[list[Rectangle], Rectangle]:
    """Lay a row along the shorter side; gives its rectangles, and what is left."""
    found = []
    if left.width >= left.height:
        thickness = area / left.height
        y = left.y
        for one in areas:
            found.append(Rectangle(left.x, y, thickness, one / thickness))
            y += one / thickness
        return found, Rectangle(left.x + thickness, left.y, left.width - thickness, left.height)
    thickness = area / left.width
    x = left.x
    for one in areas:
        found.append(Rectangle(x, left.y, one / thickness, thickness))
        x += one / thickness
    return found, Rectangle(left.x, left.y + thickness, left.width, left.height - thickness)
