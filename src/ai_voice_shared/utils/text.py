"""Truncate, split, clean and search text."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["chunk_text", "clean_text", "extract_hashtags", "extract_mentions", "truncate_text"]

# A tag is at the beginning or after a character that is not a letter, digit or slash: not in an address or a URL.
_HASHTAG = re.compile(r"(?<![\w/&#])#(\w*[^\W\d]\w*)")
_MENTION = re.compile(r"(?<![\w/@.])@(\w+(?:[.-]\w+)*)")


def truncate_text(text: str, max_length: int = 100, *, suffix: str = "...") -> str:
    """Return a text truncated to a length, at the end of a word if one is near, with a suffix.

    Parameters
    ----------
    text
        The text; one that fits is returned unchanged.
    max_length
        Maximum characters of the result, including the suffix.
    suffix
        Marks the truncation; omitted if it does not fit.

    Raises
    ------
    ValueError
        `max_length` is negative.

    Examples
    --------
    >>> truncate_text("Long text that goes on", 15)
    'Long text...'
    """
    if max_length < 0:
        msg = f"max_length must not be negative: {max_length}"
        raise ValueError(msg)
    if len(text) <= max_length:
        return text
    room = max_length - len(suffix)
    if room <= 0:
        return text[:max_length]
    cut = text[:room]
    if not text[room].isspace():
        head, space, _ = cut.rpartition(" ")
        # At most half of the room is given up for a whole word; a text without spaces is cut inside a word.
        if space and len(head) >= room // 2:
            cut = head
    return cut.rstrip() + suffix


def chunk_text(text: str, chunk_size: int = 1000, *, overlap: int = 0) -> list[str]:
    """Split a text into chunks of at most `chunk_size` characters, which may overlap.

    Without overlap the joined chunks are the text. A chunk ends after white space if there is any in its second half.

    Parameters
    ----------
    text
        The text; an empty one has no chunks.
    chunk_size
        Maximum characters of a chunk.
    overlap
        Characters at the beginning of a chunk that repeat the end of the previous one; less than `chunk_size`.

    Raises
    ------
    ValueError
        `chunk_size` or `overlap` is out of range.

    Examples
    --------
    >>> chunk_text("one two three four", 10)
    ['one two ', 'three four']
    >>> chunk_text("abcdefgh", 4, overlap=2)
    ['abcd', 'cdef', 'efgh']
    """
    if chunk_size < 1 or not 0 <= overlap < chunk_size:
        msg = f"chunk_size must be at least 1 and overlap from 0 to chunk_size - 1, not {chunk_size} and {overlap}"
        raise ValueError(msg)
    chunks = []
    start = 0
    while start < len(text):
        end = _find_chunk_end(text, start, chunk_size, overlap)
        chunks.append(text[start:end])
        if end == len(text):
            break
        start = end - overlap
    return chunks


def _find_chunk_end(text: str, start: int, chunk_size: int, overlap: int) -> int:
    end = start + chunk_size
    if end >= len(text):
        return len(text)
    # Every chunk must be longer than the overlap, or the next one would begin at the same position.
    earliest = start + max(chunk_size // 2, overlap + 1)
    for position in range(end, earliest - 1, -1):
        if text[position - 1].isspace():
            return position
    return end


def clean_text(text: str, *, keep_newlines: bool = False) -> str:
    r"""Return a text in NFC, without control and invisible characters, and with single spaces.

    Parameters
    ----------
    text
        Any text.
    keep_newlines
        Preserve the lines; each is cleaned, and at most one empty line remains between two.

    Examples
    --------
    >>> clean_text("  two\t words\u200b ")
    'two words'
    >>> clean_text("a \n\n\n b", keep_newlines=True)
    'a\n\nb'
    """
    if keep_newlines:
        lines = "\n".join(clean_text(line) for line in text.splitlines())
        return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")
    visible = "".join(letter for letter in text if letter.isspace() or not _is_invisible(letter))
    return " ".join(unicodedata.normalize("NFC", visible).split())


def _is_invisible(letter: str) -> bool:
    # Emoji sequences and Indic and Persian words need the joiners.
    return letter not in "\u200c\u200d" and unicodedata.category(letter) in {"Cc", "Cf", "Cs"}


def extract_hashtags(text: str) -> list[str]:
    """Return the hashtags of a text, without `#`, in order, and unique regardless of case.

    Examples
    --------
    >>> extract_hashtags("#Voice notes for #voice and #ai2, not https://a.example/#top or #1")
    ['Voice', 'ai2']
    """
    return _unique(_HASHTAG.findall(text))


def extract_mentions(text: str) -> list[str]:
    """Return the names that a text mentions, without `@`, in order, and unique regardless of case.

    Examples
    --------
    >>> extract_mentions("@ann.lee and @Bob, write to info@example.com. @bob!")
    ['ann.lee', 'Bob']
    """
    return _unique(_MENTION.findall(text))


def _unique(found: list[str]) -> list[str]:
    return list({name.casefold(): name for name in reversed(found)}.values())[::-1]
