"""Splitting streams into parts."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.services.s3.part_buffer import (
    FILE_PART_SIZE,
    MAX_PARTS,
    STREAM_PART_SIZE,
    PartBuffer,
    part_size,
    read_chunks,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit


@given(chunks=st.lists(st.binary(max_size=40)), size=st.integers(min_value=1, max_value=50))
def test_parts_add_up_to_the_stream(chunks: list[bytes], size: int) -> None:
    """Whatever the chunks, all parts but the last are full, and nothing is lost, doubled or added."""
    parts = PartBuffer(chunks)
    found = []
    parts.fill(size)
    while parts.size:
        found.append(parts.body().read())
        assert found[-1] == parts.content()
        assert parts.crc32() == zlib.crc32(found[-1])
        assert parts.more == (sum(map(len, found)) < sum(map(len, chunks)))
        parts.fill(size)
    assert b"".join(found) == b"".join(chunks)
    assert all(len(part) == size for part in found[:-1])


def test_only_one_chunk_is_read_ahead() -> None:
    """After a part one chunk is read, to know whether the part was the last."""
    read = []

    def chunks() -> Iterator[bytes]:
        for number in range(10):
            read.append(number)
            yield b"xx"

    PartBuffer(chunks()).fill(4)
    assert read == [0, 1, 2]


def test_a_file_is_read_to_its_end() -> None:
    """A file whose reads are short is read to its end."""

    class Trickle(io.RawIOBase):
        left = 5

        def read(self, size: int = -1) -> bytes:
            assert size > 1
            self.left -= 1
            return b"x" if self.left >= 0 else b""

    assert b"".join(read_chunks(Trickle())) == b"xxxxx"  # type: ignore[arg-type]


@pytest.mark.parametrize("first", [STREAM_PART_SIZE, FILE_PART_SIZE])
def test_the_parts_of_the_largest_object_are_enough_and_within_s3_s_limits(first: int) -> None:
    """10,000 parts hold more than 4.5 TiB, each of at least 5 MiB and at most 5 GiB."""
    total, largest = 0, 0
    for number in range(1, MAX_PARTS + 1):
        if total >= 5 << 40:
            break
        largest = part_size(number, first)
        assert largest >= 5 << 20
        total += largest
    assert total >= 4.5 * (1 << 40)
    assert largest <= 5 << 30
