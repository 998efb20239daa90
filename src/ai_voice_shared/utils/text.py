"""Cutting, cleaning and looking through text."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["chunk_text", "clean_text", "extract_hashtags", "extract_mentions", "truncate_text"]

# A tag stands at the beginning or after something that is no letter, digit or slash: not in an address, not in a URL.
_HASHTAG = re.compile(r"(?<![\w/&#])#(\w*[^\W\d]\w*)")
_MENTION = re.compile(r"(?<![\w/@.])@(\w+(?:[.-]\w+)*)")


def truncate_text(text: str, max_length: int = 100, *, suffix: str = "...") -> str:
    """Cut a text to a length, at the end of a word where there is one near, and show that it was cut.

    Parameters
    ----------
    text
        The text; a shorter one comes back as it is.
    max_length
        Characters of the result, the suffix included.
    suffix
        What shows the cut; it is left out where it would not fit.

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
        # Half of the room is given up for a whole word, not more: a text without spaces is cut where it is.
        if space and len(head) >= room // 2:
            cut = head
    return cut.rstrip() + suffix


def chunk_text(text: str, chunk_size: int = 1000, *, overlap: int = 0) -> list[str]:
    """Cut a text into pieces of at most `chunk_size` characters, each beginning with the end of the one before.

    Without overlap the pieces are the text again when they are joined. A cut falls behind white space where the
    second half of the piece has any.

    Parameters
    ----------
    text
        The text; an empty one gives no pieces.
    chunk_size
        Characters of a piece at most.
    overlap
        Characters that a piece has in common with the one before it; less than `chunk_size`.

    Raises
    ------
    ValueError
        The numbers do not fit each other.

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
        end = _cut_position(text, start, chunk_size, overlap)
        chunks.append(text[start:end])
        if end == len(text):
            break
        start = end - overlap
    return chunks


def _cut_position(text: str, start: int, chunk_size: int, overlap: int) -> int:
    end = start + chunk_size
    if end >= len(text):
        return len(text)
    # Every piece has to get beyond its overlap, or the next one would begin where this one did.
    earliest = start + max(chunk_size // 2, overlap + 1)
    for position in range(end, earliest - 1, -1):
        if text[position - 1].isspace():
            return position
    return end


def clean_text(text: str, *, keep_newlines: bool = False) -> str:
    r"""Compose the letters (NFC), drop control and invisible characters, and make white space single.

    Parameters
    ----------
    text
        Any text.
    keep_newlines
        Keep the lines; each is cleaned, and at most one empty one stays between two.

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
    # The joiners hold emoji families and Indic and Persian words together.
    return letter not in "\u200c\u200d" and unicodedata.category(letter) in {"Cc", "Cf", "Cs"}


def extract_hashtags(text: str) -> list[str]:
    """Find the hashtags of a text, without `#`, in order, each once whatever its case.

    Examples
    --------
    >>> extract_hashtags("#Voice notes for #voice and #ai2, not https://a.example/#top or #1")
    ['Voice', 'ai2']
    """
    return _unique(_HASHTAG.findall(text))


def extract_mentions(text: str) -> list[str]:
    """Find the names that a text mentions, without `@`, in order, each once whatever its case.

    Examples
    --------
    >>> extract_mentions("@ann.lee and @Bob, write to info@example.com. @bob!")
    ['ann.lee', 'Bob']
    """
    return _unique(_MENTION.findall(text))


def _unique(found: list[str]) -> list[str]:
    return list({name.casefold(): name for name in reversed(found)}.values())[::-1]
