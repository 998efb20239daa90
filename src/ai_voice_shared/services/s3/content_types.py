"""Content types by file ending, the same on every machine."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mimetypes

__all__ = ["DEFAULT_CONTENT_TYPE", "guess_content_type"]

DEFAULT_CONTENT_TYPE = "application/octet-stream"
"""What S3 itself says of an object without a type."""

# Formats of voice notes and pictures that the standard library does not know in every Python version.
_MORE = {
    ".amr": "audio/amr",
    ".m4a": "audio/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".webp": "image/webp",
}


def guess_content_type(*names: str) -> str:
    """Guess a content type from the ending of the first name that says something.

    Examples
    --------
    >>> guess_content_type("notes/a", "recording.ogg")
    'audio/ogg'
    >>> guess_content_type("notes/a")
    'application/octet-stream'
    """
    for name in names:
        guessed, encoding = _types().guess_type(name)
        # "a.json.gz" is not JSON as it is stored.
        if guessed and not encoding:
            return guessed
    return DEFAULT_CONTENT_TYPE


@cache
def _types() -> mimetypes.MimeTypes:
    import mimetypes

    # Without the machine's own mime.types files.
    types = mimetypes.MimeTypes()
    for ending, content_type in _MORE.items():
        types.add_type(content_type, ending)
    return types
