"""Compiled modules without what only debuggers read.

`strip` knows the machine that it was built for; this knows ELF. Section headers, symbol tables and debug information
stand behind the last byte that a program header names, and the loader reads program headers only
(https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html), so the file is cut there: the same on every
machine, for every target.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["strip_elf"]

_MAGIC = b"\x7fELF\x02\x01"  # 64 bits, little-endian: both of Lambda's architectures
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")


def strip_elf(file: Path) -> int:
    """Cut section headers, symbols and debug information off a compiled module.

    Parameters
    ----------
    file
        Any file; one that is not a 64-bit little-endian ELF is left alone.

    Returns
    -------
    int
        Bytes saved.
    """
    content = bytearray(file.read_bytes())
    if content[:6] != _MAGIC:
        return 0
    fields = list(_HEADER.unpack_from(content))
    program_offset, program_size, program_count = fields[5], fields[9], fields[10]
    end = max(_HEADER.size, program_offset + program_size * program_count)
    for number in range(program_count):
        header = _PROGRAM_HEADER.unpack_from(content, program_offset + number * program_size)
        end = max(end, header[2] + header[5])
    saved: int = len(content) - end
    if saved <= 0:
        return 0
    # No section headers: their offset, number and the index of their names.
    fields[6] = fields[12] = fields[13] = 0
    _HEADER.pack_into(content, 0, *fields)
    file.write_bytes(content[:end])
    return saved
