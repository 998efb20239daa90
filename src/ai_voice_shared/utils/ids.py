"""Ids: random, readable, or in the order of their making. All from the standard library."""

from __future__ import annotations

import re
import secrets
import time
import unicodedata
import uuid

__all__ = ["generate_short_id", "generate_slug", "generate_timestamp_id", "generate_uuid"]

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # without 0/o and 1/i/l, which people mix up when they read aloud
_MAX_SUFFIX = 2**80


def generate_uuid() -> str:
    """Make a random UUID (version 4, RFC 9562).

    Examples
    --------
    >>> len(generate_uuid())
    36
    """
    return str(uuid.uuid4())


def generate_short_id(length: int = 8) -> str:
    """Make a random id of letters and digits that nobody mistakes for one another.

    Eight characters are about 40 bits: enough to tell a few thousand things apart, never enough for a secret.

    Parameters
    ----------
    length
        Characters.

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
    """Make a readable piece of a URL out of a title: ASCII letters, digits and single hyphens.

    Accents are taken off; a letter that ASCII has no base for is left out, because a transliteration needs a
    library with tables of its own. A text of none but such letters gives an empty slug.

    Parameters
    ----------
    text
        Any text.
    max_length
        Characters at most; the cut is made at the end of a word where there is one.

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
    """Make an id that sorts by the time it was made: milliseconds since 1970, then 80 random bits, in hexadecimal.

    Parameters
    ----------
    prefix
        Put before it, with an underscore (`"evt"`).

    Examples
    --------
    >>> generate_timestamp_id("evt").startswith("evt_")
    True
    >>> len(generate_timestamp_id())
    32
    """
    stamp = f"{time.time_ns() // 1_000_000:012x}{secrets.randbelow(_MAX_SUFFIX):020x}"
    return f"{prefix}_{stamp}" if prefix else stamp
