"""Cutting a stream of bytes into the parts of an upload, one at a time."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["FILE_PART_SIZE", "MAX_PARTS", "STREAM_PART_SIZE", "Parts", "chunks_of_file", "part_size_of"]

STREAM_PART_SIZE = 5 << 20
"""Bytes of a part of a stream: the smallest that S3 takes, since many streams can be under way at once."""

FILE_PART_SIZE = 16 << 20
"""Bytes of a part of a file. Each part waits for S3's answer once, so fewer are faster."""

MAX_PARTS = 10_000
"""Parts that one upload may have."""

_PARTS_OF_A_SIZE = 1000
_READ_SIZE = 1 << 20
_GROWING = 256 << 10


def part_size_of(number: int, first: int) -> int:
    """Say how many bytes part `number` (from 1) has: doubled after each thousand, so that 10,000 parts hold 5 TiB.

    Examples
    --------
    >>> part_size_of(1, 5 << 20) >> 20, part_size_of(1001, 5 << 20) >> 20
    (5, 10)
    >>> sum(part_size_of(number, STREAM_PART_SIZE) for number in range(1, MAX_PARTS + 1)) >> 40
    4
    """
    return first << ((number - 1) // _PARTS_OF_A_SIZE)


def chunks_of_file(stream: BinaryIO) -> Iterator[bytes]:
    """Read a file to its end, by what it gives at a time: a raw stream or a socket may give little."""
    while chunk := stream.read(_READ_SIZE):
        yield chunk


class Parts:
    """The parts of an iterable of bytes, one after the other, in one buffer that is filled again and again.

    Parts that are allocated one by one leave the memory of a process with many threads full of holes: it grows to
    twice what it needs.

    Parameters
    ----------
    chunks
        Pieces of any size; no more of them is kept than one part and one piece.

    Attributes
    ----------
    size : int
        Bytes that `fill` has read.
    more : bool
        Whether anything is left after them.

    Examples
    --------
    >>> parts = Parts([b"abc", b"", b"defg"])
    >>> parts.fill(5)
    >>> parts.content(), parts.size, parts.more
    (b'abcde', 5, True)
    >>> parts.fill(5)
    >>> parts.content(), parts.more
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
        while self._look() and filled < size:
            if filled > _GROWING and len(buffer.getbuffer()) < size:
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
        """Give the part as a file, which is good until the next one is read."""
        self._buffer.seek(0)
        return self._buffer

    def content(self) -> bytes:
        """Give the part as bytes."""
        return self._buffer.getvalue()

    def crc32(self, crc: int = 0) -> int:
        """Give the part's CRC32, going on from that of the parts before."""
        with self._buffer.getbuffer() as view:
            return zlib.crc32(view, crc)

    def _look(self) -> bool:
        while self.more and not self._pending:
            self._pending = memoryview(b"")  # the piece is gone before the next one is made
            chunk = next(self._chunks, None)
            if chunk is None:
                self.more = False
            else:
                self._pending = memoryview(chunk)
        return self.more
