"""A media item on its way: its bytes under a cap, with the certainty that they are what they say they are."""

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

__all__ = ["MediaStream", "unavailable_when_down"]

# Containers that look like video from their first bytes and hold audio as well.
_AUDIO_CONTAINERS = {"video/mp4", "video/3gpp", "video/webm", "video/ogg"}


class MediaStream:
    """A media item that is being downloaded.

    Parameters
    ----------
    item
        What was asked for.
    stream
        The answer, with its body still to come.
    max_bytes
        Bytes that it may have.

    Attributes
    ----------
    content_type : str
        The declared type, without parameters.
    sid : str | None
        The media's id.
    content_length : int | None
        Bytes, where the server said.
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
            raise self._too_large()
        self._head = self._begin(is_audio=item.is_audio)

    def __repr__(self) -> str:
        return f"MediaStream({self.sid}, {self.content_type}, {self.content_length} bytes)"

    def iter_bytes(self) -> Iterator[bytes]:
        """Give the bytes as they arrive, once.

        Raises
        ------
        MediaTooLargeError
            There are more than the cap.
        MediaUnavailableError
            The connection broke, or it took too long. What came before is not the whole.
        """
        if self._head:
            head, self._head = self._head, b""
            yield head
        while chunk := self._next():
            yield chunk

    def _begin(self, *, is_audio: bool) -> bytes:
        """Read as much as is needed to see what it is."""
        head = b""
        while len(head) < SNIFF_LENGTH and (chunk := self._next()):
            head += chunk
        found = content_type_of(head[:SNIFF_LENGTH])
        if is_audio and not (found is not None and (found.startswith("audio/") or found in _AUDIO_CONTAINERS)):
            raise MediaTypeError(f"it is declared as {self.content_type} and is no audio", service="twilio")
        return head

    def _next(self) -> bytes:
        with unavailable_when_down():
            chunk = next(self._chunks, b"")
        self._read += len(chunk)
        if self._read > self._max_bytes:
            raise self._too_large()
        return chunk

    def _too_large(self) -> MediaTooLargeError:
        return MediaTooLargeError(f"the media has more than {self._max_bytes} bytes", service="twilio")


@contextmanager
def unavailable_when_down() -> Iterator[None]:
    """Turn an HTTP client's outage into this service's."""
    try:
        yield
    except (ServiceUnavailableError, ServiceTimeoutError) as error:
        raise MediaUnavailableError(str(error), service="twilio") from error
