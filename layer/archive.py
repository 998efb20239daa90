"""Write a folder as a zip with the same bytes on every machine and at any time.

The zip is written here and not by `zipfile`, which compresses with the zlib that Python was built with: zlib, zlib-ng
and Apple's give different bytes. libdeflate is locked, faster, and compresses better at its highest levels.
The format is PKWARE's (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), in its plainest form.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["sha256", "write_zip"]

_LEVEL = 10
_DEFLATED = 8
_VERSION = 20  # 2.0: folders and deflate
_UTF8 = 1 << 11
_DATE = (0 << 9) | (1 << 5) | 1  # 1980-01-01, the earliest date of the format; the time is 00:00
_UNIX = 3 << 8
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")


def write_zip(folder: Path, archive: Path) -> None:
    """Zip a folder: entries sorted, no timestamps, modes by kind and not by umask."""
    import deflate

    archive.parent.mkdir(parents=True, exist_ok=True)
    # Another build can be writing the same zip, so each writes to its own file until it is complete.
    scratch = archive.with_name(f".{archive.name}.{secrets.token_hex(8)}.part")
    central = []
    try:
        with scratch.open("wb") as zipped:
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                content = file.read_bytes()
                packed = bytes(deflate.deflate_compress(content, _LEVEL))
                name = file.relative_to(folder).as_posix().encode()
                mode = 0o100755 if file.suffix == ".so" or ".so." in file.name else 0o100644
                sizes = (_UTF8, _DEFLATED, 0, _DATE, zlib.crc32(content), len(packed), len(content), len(name), 0)
                entry = _CENTRAL.pack(
                    b"PK\x01\x02", _UNIX | _VERSION, _VERSION, *sizes, 0, 0, 0, mode << 16, zipped.tell()
                )
                central.append(entry + name)
                zipped.write(_LOCAL.pack(b"PK\x03\x04", _VERSION, *sizes) + name + packed)
            directory, begin = b"".join(central), zipped.tell()
            zipped.write(directory)
            zipped.write(_END.pack(b"PK\x05\x06", 0, 0, len(central), len(central), len(directory), begin, 0))
        scratch.replace(archive)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def sha256(file: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
