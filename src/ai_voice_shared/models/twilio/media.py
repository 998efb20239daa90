"""The media of a message."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["MediaItem"]

_EXTENSIONS = {
    "audio/aac": ".aac",
    "audio/amr": ".amr",
    "audio/mp4": ".m4a",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "audio/webm": ".webm",
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "text/vcard": ".vcf",
    "video/3gpp": ".3gp",
    "video/mp4": ".mp4",
}
# Compiled on first use, and cached by `re`: most messages have no media.
_SID = r"/Media/(ME[0-9a-fA-F]{32})(?:\.[a-z0-9]+)?$"


class MediaItem(NamedTuple):
    """A media item as declared by the webhook, before its download.

    Parameters
    ----------
    url
        The URL that the webhook declares; `TwilioService` checks whether it may be downloaded.
    declared_type
        The declared type (`"audio/ogg; codecs=opus"`).
    number
        The number in `MediaUrl{N}`.
    account_sid, message_sid
        The account and the message that the item belongs to.

    Examples
    --------
    >>> item = MediaItem(".../Media/ME0123456789abcdef0123456789abcdef", "audio/ogg; codecs=opus", 0, "AC1", "MM1")
    >>> item.content_type, item.is_audio, item.sid
    ('audio/ogg', True, 'ME0123456789abcdef0123456789abcdef')
    """

    url: str
    declared_type: str
    number: int
    account_sid: str
    message_sid: str

    @property
    def content_type(self) -> str:
        """The declared type in lower case, without parameters."""
        return self.declared_type.partition(";")[0].strip().lower()

    @property
    def is_audio(self) -> bool:
        """Whether its declared type is audio."""
        return self.content_type.startswith("audio/")

    @property
    def extension(self) -> str:
        """The file extension of the declared type, or an empty string for a rare type.

        Examples
        --------
        >>> MediaItem("", "audio/ogg; codecs=opus", 0, "", "").extension
        '.ogg'
        """
        return _EXTENSIONS.get(self.content_type, "")

    @property
    def sid(self) -> str | None:
        """The media's id (ME...), or None where the URL is not Twilio's."""
        match = re.search(_SID, self.url)
        return match[1] if match else None

    def __repr__(self) -> str:
        # The URL of a media item grants access to it where the account does not enforce authentication.
        return f"MediaItem({self.sid}, {self.content_type})"
