"""A media item that is being downloaded: its bytes within a size limit, and a check of its type."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ai_voice_shared.errors import (
    MediaTooLargeError,
    MediaTypeError,
    MediaUnavailableError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from ai_voice_shared.utils.filetype import SNIFF_LENGTH, content_type_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ai_voice_shared.http import HttpStream
    from ai_voice_shared.models.twilio.media import MediaItem

__all__ = ["MediaStream", "map_outages"]

# Containers that are detected as video and may contain audio only.
_AUDIO_CONTAINERS = {"video/mp4", "video/3gpp", "video/webm", "video/ogg"}


class MediaStream:
    """A media item that is being downloaded.

    Parameters
    ----------
    item
        The requested item.
    stream
        The response, with its body still to be read.
    max_bytes
        Maximum number of bytes.

    Attributes
    ----------
    content_type : str
        The declared type, without parameters.
    sid : str | None
        The media's id.
    content_length : int | None
        Number of bytes, if the server declared it.
    """

    def __init__(self, item: MediaItem, stream: HttpStream, max_bytes: int) -> None:
        self.content_type = item.content_type
        self.sid = item.sid
        length = stream.headers.get("content-length", "")
        self.content_length = int(length) if length.isascii() and length.isdigit() else None
        self._max_bytes = max_bytes
        self._chunks = stream.iter_bytes()
        self._read = 0
        if self.content_length is not None and self.content_length > max_bytes:
            raise self._create_too_large_error()
        self._head = self._read_head(is_audio=item.is_audio)

    def __repr__(self) -> str:
        return f"MediaStream({self.sid}, {self.content_type}, {self.content_length} bytes)"

    def iter_bytes(self) -> Iterator[bytes]:
        """Iterate over the bytes as they arrive, once.

        Raises
        ------
        MediaTooLargeError
            The media is larger than the limit.
        MediaUnavailableError
            The connection broke, or the download timed out. The bytes so far are incomplete.
        """
        if self._head:
            head, self._head = self._head, b""
            yield head
        while chunk := self._read_chunk():
            yield chunk

    def _read_head(self, *, is_audio: bool) -> bytes:
        """Read as much as is needed to detect the type, and check it."""
        head = b""
        while len(head) < SNIFF_LENGTH and (chunk := self._read_chunk()):
            head += chunk
        detected = content_type_of(head[:SNIFF_LENGTH])
        if is_audio and not (detected is not None and (detected.startswith("audio/") or detected in _AUDIO_CONTAINERS)):
            raise MediaTypeError(f"the media is declared as {self.content_type} and is not audio", service="twilio")
        return head

    def _read_chunk(self) -> bytes:
        with map_outages():
            chunk = next(self._chunks, b"")
        self._read += len(chunk)
        if self._read > self._max_bytes:
            raise self._create_too_large_error()
        return chunk

    def _create_too_large_error(self) -> MediaTooLargeError:
        return MediaTooLargeError(f"the media has more than {self._max_bytes} bytes", service="twilio")


@contextmanager
def map_outages() -> Iterator[None]:
    """Raise MediaUnavailableError for an outage that the HTTP client reports."""
    try:
        yield
    except (ServiceUnavailableError, ServiceTimeoutError) as error:
        raise MediaUnavailableError(str(error), service="twilio") from error
