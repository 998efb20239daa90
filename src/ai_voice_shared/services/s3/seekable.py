"""An object as a seekable file.

Powertools' `S3Object` does the same, but imports boto3, which costs more than all of this package's start, asks for a
new head with each seek from the end, raises botocore's bare errors, and gives a mixture when the object is replaced
between two reads.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from ai_voice_shared.models.s3 import S3ObjectMetadata
    from ai_voice_shared.services.s3.fetching import ReadOptions
    from ai_voice_shared.services.s3.reading import S3Reading

__all__ = ["S3RawReader"]


class S3RawReader(io.RawIOBase):
    """Reads one object by ranges, one request for each call; `io.BufferedReader` goes around it.

    Parameters
    ----------
    service
        What reads.
    head
        The object as it was when it was opened.
    """

    def __init__(self, service: S3Reading, head: S3ObjectMetadata) -> None:
        super().__init__()
        self._service = service
        self._head = head
        self._position = 0

    @property
    def name(self) -> str:
        """The object's key."""
        return self._head.key

    def readable(self) -> bool:
        """Tell `io` that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell `io` that it can be read from anywhere."""
        return True

    def tell(self) -> int:
        """Say where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position; no request is made."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._head.size}[whence]
        if start + offset < 0:
            msg = "a position before the beginning"
            raise ValueError(msg)
        self._position = start + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill a buffer with what comes next."""
        view = memoryview(buffer).cast("B")
        last = min(self._position + len(view), self._head.size) - 1
        if last < self._position:
            return 0
        content = self._read(self._position, last)
        view[: len(content)] = content
        self._position += len(content)
        return len(content)

    def readall(self) -> bytes:
        """Read the rest in one request."""
        if self._position >= self._head.size:
            return b""
        content = self._read(self._position, self._head.size - 1)
        self._position += len(content)
        return content

    def _read(self, first: int, last: int) -> bytes:
        options: ReadOptions = {"byte_range": (first, last), "if_match": f'"{self._head.etag}"'}
        if self._head.version_id:
            options["version_id"] = self._head.version_id
        return self._service.download_bytes(self._head.key, **options)
