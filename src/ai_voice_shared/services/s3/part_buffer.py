"""Splitting a stream of bytes into the parts of an upload, one at a time."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["FILE_PART_SIZE", "MAX_PARTS", "STREAM_PART_SIZE", "PartBuffer", "part_size", "read_chunks"]

STREAM_PART_SIZE = 5 << 20
"""Bytes of a part of a stream: the smallest that S3 accepts, since many streams can be in progress at once."""

FILE_PART_SIZE = 16 << 20
"""Bytes of a part of a file. Each part waits for S3's response once, so fewer are faster."""

MAX_PARTS = 10_000
"""Parts that one upload may have."""

_PARTS_PER_SIZE = 1000
_READ_SIZE = 1 << 20
_PREALLOCATE_FROM = 256 << 10


def part_size(number: int, first: int) -> int:
    """Return the bytes of part `number` (from 1): doubled after each thousand, so that 10,000 parts hold 5 TiB.

    Examples
    --------
    >>> part_size(1, 5 << 20) >> 20, part_size(1001, 5 << 20) >> 20
    (5, 10)
    >>> sum(part_size(number, STREAM_PART_SIZE) for number in range(1, MAX_PARTS + 1)) >> 40
    4
    """
    return first << ((number - 1) // _PARTS_PER_SIZE)


def read_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Read a file to its end in chunks as it returns them: those of a raw stream or a socket may be small."""
    while chunk := stream.read(_READ_SIZE):
        yield chunk


class PartBuffer:
    """The parts of an iterable of bytes, one after the other, in one buffer that is filled repeatedly.

    Parts that are allocated one by one fragment the memory of a process with many threads: it grows to twice what it
    needs.

    Parameters
    ----------
    chunks
        Chunks of any size; no more of them is held than one part and one chunk.

    Attributes
    ----------
    size : int
        Bytes that `fill` has read.
    more : bool
        Whether anything is left after them.

    Examples
    --------
    >>> buffer = PartBuffer([b"abc", b"", b"defg"])
    >>> buffer.fill(5)
    >>> buffer.content(), buffer.size, buffer.more
    (b'abcde', 5, True)
    >>> buffer.fill(5)
    >>> buffer.content(), buffer.more
    (b'fg', False)
    """

    def __init__(self, chunks: Iterable[bytes | bytearray | memoryview]) -> None:
        self._chunks = iter(chunks)
        self._pending = memoryview(b"")
        self._buffer = io.BytesIO()
        self.size = 0
        self.more = True

    def fill(self, size: int) -> None:
        """Read the next part, of `size` bytes or, at the end, fewer."""
        buffer = self._buffer
        buffer.seek(0)
        filled = 0
        while self._fetch_pending() and filled < size:
            if filled > _PREALLOCATE_FROM and len(buffer.getbuffer()) < size:
                # All of it at once, as most streams that are longer than this fill it.
                buffer.seek(size - 1)
                buffer.write(b"\0")
                buffer.seek(filled)
            taken = self._pending[: size - filled]
            filled += buffer.write(taken)
            self._pending = self._pending[len(taken) :]
        buffer.truncate(filled)
        self.size = filled

    def body(self) -> io.BytesIO:
        """Return the part as a file, valid until the next one is read."""
        self._buffer.seek(0)
        return self._buffer

    def content(self) -> bytes:
        """Return the part as bytes."""
        return self._buffer.getvalue()

    def crc32(self, crc: int = 0) -> int:
        """Return the part's CRC32, continued from that of the parts before."""
        with self._buffer.getbuffer() as view:
            return zlib.crc32(view, crc)

    def _fetch_pending(self) -> bool:
        while self.more and not self._pending:
            self._pending = memoryview(b"")  # releases the chunk before the next one is created
            chunk = next(self._chunks, None)
            if chunk is None:
                self.more = False
            else:
                self._pending = memoryview(chunk)
        return self.more
