"""An object as a seekable file.

Powertools' `S3Object` does the same, but imports boto3, which is more expensive than the whole start of this package,
requests a new head for each seek from the end, raises botocore's bare errors, and returns a mixture if the object is
replaced between two reads.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ai_voice_shared.services.s3.download import download_bytes
from ai_voice_shared.services.s3.listing import head_object

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from ai_voice_shared.models.s3 import S3ObjectMetadata
    from ai_voice_shared.services.s3.session import S3Session

__all__ = ["S3RawReader", "open_object"]


def open_object(session: S3Session, key: str, version_id: str | None, buffer_size: int) -> io.BufferedReader:
    """Open an object as a seekable binary file."""
    head = head_object(session, key, version_id=version_id)
    return io.BufferedReader(S3RawReader(session, head), buffer_size)


class S3RawReader(io.RawIOBase):
    """Reads one object by ranges, one request for each call; `io.BufferedReader` wraps it.

    Parameters
    ----------
    session
        The session that sends the requests.
    head
        The object as it was when it was opened.
    """

    def __init__(self, session: S3Session, head: S3ObjectMetadata) -> None:
        super().__init__()
        self._session = session
        self._head = head
        self._position = 0

    @property
    def name(self) -> str:
        """The object's key."""
        return self._head.key

    def readable(self) -> bool:
        """Return True: it can be read."""
        return True

    def seekable(self) -> bool:
        """Return True: it can be read from any position."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position; no request is sent."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._head.size}[whence]
        if start + offset < 0:
            msg = "a position before the beginning"
            raise ValueError(msg)
        self._position = start + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill a buffer from the position on."""
        view = memoryview(buffer).cast("B")
        last = min(self._position + len(view), self._head.size) - 1
        if last < self._position:
            return 0
        content = self._read_range(self._position, last)
        view[: len(content)] = content
        self._position += len(content)
        return len(content)

    def readall(self) -> bytes:
        """Read the rest in one request."""
        if self._position >= self._head.size:
            return b""
        content = self._read_range(self._position, self._head.size - 1)
        self._position += len(content)
        return content

    def _read_range(self, first: int, last: int) -> bytes:
        return download_bytes(
            self._session,
            self._head.key,
            byte_range=(first, last),
            if_match=f'"{self._head.etag}"',
            version_id=self._head.version_id or None,
        )
