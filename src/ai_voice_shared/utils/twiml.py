"""TwiML replies: escaped, without characters that XML forbids, and split at WhatsApp's length limit.

Twilio's own `MessagingResponse` is part of a 39 MB package and does not split messages. `xml.sax.saxutils.escape`
would suffice for escaping, but its module imports urllib's HTTP client: 13 ms of every cold start for four
replacements.
https://www.twilio.com/docs/messaging/twiml
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["WHATSAPP_MAX_LENGTH", "empty_response", "message_response", "split_message"]

WHATSAPP_MAX_LENGTH = 1600
"""Maximum UTF-16 code units of one message: https://www.twilio.com/docs/api/errors/21617"""

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
# Everything but the characters of https://www.w3.org/TR/xml/#charsets
_FORBIDDEN = "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_FLAGS = range(0x1F1E6, 0x1F200)
_ASTRAL = 0x10000


def message_response(text: str | Iterable[str], *, max_length: int = WHATSAPP_MAX_LENGTH) -> str:
    """Return the TwiML that replies with a message, or with several if the text is too long for one.

    Parameters
    ----------
    text
        One reply, or several, each sent as a separate message. Blank ones are omitted.
    max_length
        Maximum UTF-16 code units of one message.

    Examples
    --------
    >>> print(message_response("Tom & Ann: 1 < 2"))
    <?xml version="1.0" encoding="UTF-8"?><Response><Message>Tom &amp; Ann: 1 &lt; 2</Message></Response>
    """
    texts = [text] if isinstance(text, str) else text
    messages = [part for reply in texts for part in split_message(_strip_forbidden(reply), max_length=max_length)]
    inner = "".join(f"<Message>{_escape(message)}</Message>" for message in messages)
    return f"{_HEAD}<Response>{inner}</Response>"


def _strip_forbidden(text: str) -> str:
    # Compiling a character class of all of Unicode takes 5 ms, and most replies do not need it.
    return text if text.isascii() and text.isprintable() else re.sub(_FORBIDDEN, "", text)


def empty_response() -> str:
    """Return the TwiML that sends no reply.

    Examples
    --------
    >>> empty_response()
    '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
    """
    return f"{_HEAD}<Response></Response>"


def split_message(text: str, *, max_length: int = WHATSAPP_MAX_LENGTH) -> list[str]:
    """Split a text into parts of at most `max_length`, at white space if possible.

    A character is never separated from its accents, nor an emoji from its skin tone, joiner or flag, unless the
    sequence is longer than a part.

    Parameters
    ----------
    text
        The text; white space at a cut is dropped.
    max_length
        Maximum UTF-16 code units of a part.

    Examples
    --------
    >>> split_message("one two three", max_length=8)
    ['one two', 'three']
    """
    if max_length < 2:  # noqa: PLR2004 - an emoji has two
        msg = "a message needs room for at least one character"
        raise ValueError(msg)
    text = text.strip()
    parts = []
    while text:
        end = _count_fitting(text, max_length)
        if end < len(text):
            end = _find_cut(text, end)
        parts.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return parts


def _escape(text: str) -> str:
    # A parser would turn a bare carriage return into a line feed.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _count_fitting(text: str, max_length: int) -> int:
    """Return the number of characters from the beginning that fit."""
    if len(text) * 2 <= max_length or (len(text) <= max_length and text.isascii()):
        return len(text)
    used = 0
    for index, character in enumerate(text):
        used += 2 if ord(character) >= _ASTRAL else 1
        if used > max_length:
            return index
    return len(text)


def _find_cut(text: str, end: int) -> int:
    """Return the best position for a cut at or before `end`."""
    for index in range(end, 0, -1):
        # White space at the cut itself is dropped, so the part may be exactly full.
        if text[index].isspace() and _is_boundary(text, index):
            return index
    for index in range(end, 0, -1):
        if _is_boundary(text, index):
            return index
    return end


def _is_boundary(text: str, index: int) -> bool:
    before, after = text[index - 1], text[index]
    if _JOINER in {before, after} or (before == "\r" and after == "\n"):
        return False
    code = ord(after)
    if unicodedata.category(after).startswith("M") or code in _SKIN_TONES or code in _TAGS:
        return False
    if code in _FLAGS:
        # A flag is a pair of letters: count those before the index.
        letters = 0
        while letters < index and ord(text[index - 1 - letters]) in _FLAGS:
            letters += 1
        return letters % 2 == 0
    return True
