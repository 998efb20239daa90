"""The layer's bytes as a treemap: an area for each package, in it one for each kind of file, in it the files."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from layer.report.squarify import Rectangle, squarify
from layer.report.svg import drawing, megabytes, percent, tag
from layer.report.weights import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layer.report.weights import File, Package

__all__ = ["FORMATS", "treemap"]

FORMATS = {"wide": (1120, 560), "narrow": (358, 620)}
"""Two layouts, in pixels of a usual window; the page shows the one that fits. Both stretch with it."""

# A file with less than this share of the layer is drawn with its like: nobody sees it.
_LEAST_SHARE = 3e-4
_LETTER, _LINE = 7.2, 17


def treemap(packages: Sequence[Package], form: str) -> str:
    """Draw the packages in one of `FORMATS`.

    Every file's rectangle has its bytes as `data-bytes`; areas are in the proportion of them.
    """
    width, height = FORMATS[form]
    total = sum(package.size for package in packages)
    places = squarify([package.size for package in packages], Rectangle(0, 0, width, height))
    groups, labels = [], []
    for package, place in zip(packages, places, strict=True):
        shown = package.without_small(int(total * _LEAST_SHARE))
        leaves = "".join(_leaf(package, file, at, (width, height)) for file, at in _leaves(shown, place))
        frame = tag("rect", "", class_="frame", **_at(place, (width, height)))
        groups.append(tag("g", leaves + frame, class_="package", data_name=package.name))
        labels.append(_label(package, place, (width, height)))
    content = tag("g", "".join(groups), class_="packages") + tag("g", "".join(labels), class_="labels")
    largest = ", ".join(f"{package.name} {megabytes(package.size)}" for package in packages[:5])
    return drawing(
        f"treemap-{form}",
        f"A treemap of the layer's {megabytes(total)}",
        f"{len(packages)} packages; the heaviest are {largest}. The table below has all of them.",
        content,
        class_=f"treemap {form}",
        width="100%",
        height=height,
    )


def _leaves(package: Package, place: Rectangle) -> list[tuple[File, Rectangle]]:
    kinds = package.by_kind()
    found: list[tuple[File, Rectangle]] = []
    for kind, within in zip(kinds, squarify(list(kinds.values()), place), strict=True):
        files = sorted((file for file in package.files if file.kind == kind), key=lambda file: -file.size)
        found += zip(files, squarify([file.size for file in files], within), strict=True)
    return found


def _leaf(package: Package, file: File, place: Rectangle, whole: tuple[int, int]) -> str:
    said = f"{file.name}\n{megabytes(file.size)}, {KINDS[file.kind]}\n{package.name}: {megabytes(package.size)} in all"
    title = tag("title", escape(said))
    return tag("rect", title, class_=f"leaf {file.kind}", data_bytes=file.size, **_at(place, whole))


def _label(package: Package, place: Rectangle, whole: tuple[int, int]) -> str:
    # The page's script fits labels anew to the window; these are right where the window is a usual one.
    fits = place.width > _LETTER * len(package.name) + 16 and place.height > _LINE * 1.5
    x, y = percent(place.x, whole[0]), percent(place.y, whole[1])
    attributes = {"x": x, "y": y, "class_": "label", "data_name": package.name, "data_size": megabytes(package.size)}
    lines = tag("tspan", escape(package.name), x=x, dx=8, dy=_LINE + 3)
    if place.height > _LINE * 3 and place.width > _LETTER * len(megabytes(package.size)) + 16:
        lines += tag("tspan", megabytes(package.size), x=x, dx=8, dy=_LINE, class_="size")
    return tag("text", lines if fits else "", **attributes)


def _at(place: Rectangle, whole: tuple[int, int]) -> dict[str, str]:
    return {
        "x": percent(place.x, whole[0]),
        "y": percent(place.y, whole[1]),
        "width": percent(place.width, whole[0]),
        "height": percent(place.height, whole[1]),
    }
