"""Keys made of validated parts, so that nobody's input can leave its folder."""

from __future__ import annotations

import re
from typing import Self

from ai_voice_shared.errors import InvalidS3KeyError

__all__ = ["MAX_KEY_BYTES", "S3Key", "build_key"]

MAX_KEY_BYTES = 1024
"""Bytes of UTF-8 that a key may have. Emulators take more; AWS does not."""

# Compiled on first use, and kept by `re`: a message without media builds no key.
_PART = r"[A-Za-z0-9][A-Za-z0-9._=@+-]*"
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"


class S3Key(str):
    """A key that was checked: no `..`, no leading `/`, no control characters, at most 1024 bytes.

    Raises
    ------
    InvalidS3KeyError
        It is none. The message says what is wrong, not the key, which may be somebody's text.

    Examples
    --------
    >>> S3Key("notes/2026/a note.ogg")
    'notes/2026/a note.ogg'
    >>> S3Key("../secrets")
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.requests.InvalidS3KeyError: a key must not have a '.' or '..' between its slashes
    """

    __slots__ = ()

    def __new__(cls, key: str) -> Self:
        """Check a key."""
        problem = _problem(key)
        if problem:
            raise InvalidS3KeyError(problem)
        return super().__new__(cls, key)


def build_key(*parts: str | None, suffix: str = "") -> S3Key:
    """Join parts with slashes; each has to be a plain word.

    Parameters
    ----------
    *parts
        Letters, digits and `.` `_` `=` `@` `+` `-`, beginning with a letter or digit. None, such as the id of a media
        item whose URL has none, is refused as any other that is no such word.
    suffix
        The file ending with its dot (`".ogg"`), put after the last part.

    Raises
    ------
    InvalidS3KeyError
        A part is empty or has anything else, or the key is too long.

    Examples
    --------
    >>> build_key("voice-notes", "acme", "cust-1", "MM0123", "ME4567", suffix=".ogg")
    'voice-notes/acme/cust-1/MM0123/ME4567.ogg'
    >>> build_key("voice-notes", "a/b")
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.requests.InvalidS3KeyError: part 2 of the key is not a plain word of letters, digits and \
._=@+-
    """
    if not parts:
        raise InvalidS3KeyError("a key needs at least one part")
    words = []
    for number, part in enumerate(parts, start=1):
        # ".." is refused by the first character, "a..b" is harmless between slashes.
        if not isinstance(part, str) or not re.fullmatch(_PART, part):
            msg = f"part {number} of the key is not a plain word of letters, digits and ._=@+-"
            raise InvalidS3KeyError(msg)
        words.append(part)
    if suffix and not re.fullmatch(r"\.[A-Za-z0-9]+(\.[A-Za-z0-9]+)*", suffix):
        raise InvalidS3KeyError("the suffix is not a file ending such as .ogg")
    return S3Key("/".join(words) + suffix)


def _problem(key: str) -> str | None:
    if not isinstance(key, str) or not key:
        return "a key is a text that is not empty"
    if re.search(_CONTROL, key):
        return "a key must not have control characters"
    if len(key.encode()) > MAX_KEY_BYTES:
        return f"a key must not be longer than {MAX_KEY_BYTES} bytes of UTF-8"
    if key.startswith("/"):
        return "a key must not begin with a slash"
    if any(part in {".", ".."} for part in key.split("/")):
        return "a key must not have a '.' or '..' between its slashes"
    return None
