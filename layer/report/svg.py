"""The few words of SVG that the drawings need."""

from __future__ import annotations

from html import escape

__all__ = ["drawing", "megabytes", "percent", "tag"]


def tag(name: str, content: str | None = None, /, **attributes: object) -> str:
    """Write an element; `_` at the end of an attribute's name is dropped, inside it becomes `-`.

    Parameters
    ----------
    name
        Of the element.
    content
        What is inside, written already; None closes it at once.
    **attributes
        Written in the order given; None leaves one out.

    Examples
    --------
    >>> tag("text", "a &lt; b", class_="label", data_size=3, x=None)
    '<text class="label" data-size="3">a &lt; b</text>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}/>" if content is None else f"<{name}{written}>{content}</{name}>"


def drawing(identifier: str, title: str, description: str, content: str, **attributes: object) -> str:
    """Write an SVG that says to a screen reader what it shows."""
    words = tag("title", escape(title), id=f"{identifier}-title") + tag(
        "desc", escape(description), id=f"{identifier}-desc"
    )
    return tag(
        "svg",
        words + content,
        id=identifier,
        role="img",
        aria_labelledby=f"{identifier}-title {identifier}-desc",
        **attributes,
    )


def percent(part: float, whole: float = 1.0) -> str:
    """Give a length as a share of the drawing's.

    Examples
    --------
    >>> percent(1, 3)
    '33.3333%'
    """
    return f"{100 * part / whole:.4f}".rstrip("0").rstrip(".") + "%"


def megabytes(size: float) -> str:
    """Give bytes as one says them.

    Examples
    --------
    >>> megabytes(5_300_158), megabytes(42_723), megabytes(7)
    ('5.30 MB', '42.7 kB', '7 B')
    """
    for unit, factor, digits in (("MB", 1e6, 2), ("kB", 1e3, 1)):
        if size >= factor:
            return f"{size / factor:.{digits}f} {unit}"
    return f"{size:.0f} B"
