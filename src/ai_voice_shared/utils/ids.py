"""Generate ids: random, readable, or sortable by time. All from the standard library."""

from __future__ import annotations

import re
import secrets
import time
import unicodedata
import uuid

__all__ = ["generate_short_id", "generate_slug", "generate_timestamp_id", "generate_uuid"]

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # without 0/o and 1/i/l, which people confuse
_MAX_SUFFIX = 2**80


def generate_uuid() -> str:
    """Return a random UUID (version 4, RFC 9562).

    Examples
    --------
    >>> len(generate_uuid())
    36
    """
    return str(uuid.uuid4())


def generate_short_id(length: int = 8) -> str:
    """Return a random id of unambiguous letters and digits.

    Eight characters are about 40 bits: enough to distinguish a few thousand items, never enough for a secret.

    Parameters
    ----------
    length
        Number of characters.

    Raises
    ------
    ValueError
        `length` is less than one.

    Examples
    --------
    >>> len(generate_short_id(8))
    8
    """
    if length < 1:
        msg = f"length must be at least 1, not {length}"
        raise ValueError(msg)
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def generate_slug(text: str, *, max_length: int = 80) -> str:
    """Return a slug of a title, for URLs: ASCII letters, digits and single hyphens.

    Accents are removed; a letter without an ASCII base is dropped, because transliteration needs a library with its
    own tables. The slug of a text with only such letters is empty.

    Parameters
    ----------
    text
        Any text.
    max_length
        Maximum characters; the slug is cut at the end of a word if possible.

    Examples
    --------
    >>> generate_slug("Crème brûlée, the 2nd!")
    'creme-brulee-the-2nd'
    >>> generate_slug("one two three", max_length=9)
    'one-two'
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")
    if len(slug) <= max_length:
        return slug
    cut = slug[:max_length]
    if slug[max_length] != "-" and "-" in cut:
        cut = cut.rpartition("-")[0]
    return cut.strip("-")


def generate_timestamp_id(prefix: str = "") -> str:
    """Return an id that sorts by creation time: milliseconds since 1970, then 80 random bits, in hexadecimal.

    Parameters
    ----------
    prefix
        A prefix, which an underscore separates from the id (`"evt"`).

    Examples
    --------
    >>> generate_timestamp_id("evt").startswith("evt_")
    True
    >>> len(generate_timestamp_id())
    32
    """
    stamp = f"{time.time_ns() // 1_000_000:012x}{secrets.randbelow(_MAX_SUFFIX):020x}"
    return f"{prefix}_{stamp}" if prefix else stamp
