"""Names, sizes and hashes of files. No function opens a file by name."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import BinaryIO

__all__ = ["calculate_hash", "format_file_size", "sanitize_filename"]

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
_STEP = 1024
_CHUNK = 2**20
# Windows rejects these, with any extension.
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


def sanitize_filename(name: str, *, max_bytes: int = 200, default: str = "file") -> str:
    """Return a file name that is safe in any file system and any S3 key, without path traversal.

    Folders and leading and trailing dots are removed, control and reserved characters and white space become one
    underscore, and Windows' device names get an underscore. Letters of every script are unchanged, as are clean names.

    Parameters
    ----------
    name
        An untrusted name.
    max_bytes
        Maximum bytes of UTF-8; the extension is preserved.
    default
        The name if no character is left.

    Examples
    --------
    >>> sanitize_filename("my file.pdf")
    'my_file.pdf'
    >>> sanitize_filename("../../etc/passwd")
    'passwd'
    >>> sanitize_filename("..")
    'file'
    """
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    base = "".join("_" if _is_unsafe(letter) else letter for letter in base)
    base = re.sub(r"_{2,}", "_", base).strip("._")
    if base.partition(".")[0].lower() in _RESERVED:
        base = f"_{base}"
    return _truncate(base, max_bytes) or default


def _is_unsafe(letter: str) -> bool:
    # Cc, Cf: control and direction marks, which disguise a name; Cs: lone surrogates.
    return letter in "<>:\"|?*%#&{}$!'`@+=~^[];," or letter.isspace() or unicodedata.category(letter).startswith("C")


def _truncate(name: str, max_bytes: int) -> str:
    if len(name.encode()) <= max_bytes:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = f"{dot}{extension}".encode()
    if not dot or len(tail) >= max_bytes:
        stem, tail = name, b""
    room = stem.encode()[: max_bytes - len(tail)].decode("utf-8", "ignore")
    return f"{room.rstrip('._')}{tail.decode()}"


def format_file_size(size: int) -> str:
    """Format a number of bytes for people, in steps of 1024.

    Parameters
    ----------
    size
        Bytes, not negative.

    Raises
    ------
    ValueError
        `size` is negative.

    Examples
    --------
    >>> format_file_size(1024), format_file_size(999), format_file_size(16 * 2**20)
    ('1.0 KB', '999 B', '16.0 MB')
    """
    if size < 0:
        msg = f"size must not be negative: {size}"
        raise ValueError(msg)
    if size < _STEP:
        return f"{size} B"
    value, unit = float(size), 0
    # 1023.95 would be formatted as "1024.0": it belongs to the next unit.
    while round(value, 1) >= _STEP and unit < len(_UNITS) - 1:
        value /= _STEP
        unit += 1
    return f"{value:.1f} {_UNITS[unit]}"


def calculate_hash(content: bytes | BinaryIO, algorithm: str = "sha256") -> str:
    """Return the hash of bytes, or of an open binary file from its current position.

    Parameters
    ----------
    content
        Bytes, or an object with `read`, which is read in chunks of one mebibyte and not closed.
    algorithm
        A name that `hashlib.new` accepts.

    Returns
    -------
    str
        Hexadecimal digits.

    Examples
    --------
    >>> calculate_hash(b"audio")[:16]
    '6ed8919ce20490a5'
    """
    digest = hashlib.new(algorithm)
    if isinstance(content, bytes):
        digest.update(content)
    else:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
