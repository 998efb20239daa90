"""User metadata of objects: what S3 takes, and what it gives back.

S3 keeps user metadata in HTTP headers. It refuses a value that is not ASCII over its SDKs, and gives one that was
stored otherwise back in RFC 2047's encoding
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html). The same encoding is used here both ways.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from ai_voice_shared.errors import ValidationError
from ai_voice_shared.observability.correlation import CORRELATION_METADATA_KEY, get_correlation_id

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MAX_METADATA_BYTES", "WRITE_ID_METADATA_KEY", "decode_metadata", "encode_metadata"]

WRITE_ID_METADATA_KEY = "write-id"
"""The name under which a conditional write leaves its mark, so that it knows its own object again."""

MAX_METADATA_BYTES = 2048
"""Bytes of all names and values together that S3 takes."""

# Compiled on first use, and kept by `re`: a message without media has no metadata.
_NAME = r"[a-z0-9!#$%&'*+.^_`|~-]+"
_PLAIN = r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?|"
_ENCODED = "=?"


def encode_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    """Make metadata fit for S3, with the current correlation id.

    Raises
    ------
    ValidationError
        A name that cannot be a header, or more than 2 KB in all.

    Examples
    --------
    >>> encode_metadata({"Origin": "Zürich"})
    {'origin': '=?UTF-8?B?WsO8cmljaA==?='}
    """
    encoded = {}
    for name, value in (metadata or {}).items():
        lowered = name.lower()
        if not re.fullmatch(_NAME, lowered):
            msg = f"{name!r} is no name for S3 metadata: use letters, digits and dashes"
            raise ValidationError(msg)
        plain = re.fullmatch(_PLAIN, value) and _ENCODED not in value
        encoded[lowered] = value if plain else f"=?UTF-8?B?{base64.b64encode(value.encode()).decode()}?="
    correlation_id = get_correlation_id()
    if correlation_id is not None:
        encoded.setdefault(CORRELATION_METADATA_KEY, correlation_id)
    if sum(len(name) + len(value) for name, value in encoded.items()) > MAX_METADATA_BYTES:
        msg = f"S3 takes at most {MAX_METADATA_BYTES} bytes of metadata, names and encoded values together"
        raise ValidationError(msg)
    return encoded


def decode_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Read metadata as it was before it was encoded.

    Examples
    --------
    >>> decode_metadata({"origin": "=?UTF-8?B?WsO8cmljaA==?="})
    {'origin': 'Zürich'}
    """
    return {
        name.lower(): _decoded(value) if _ENCODED in value else value
        for name, value in metadata.items()
        if name.lower() != WRITE_ID_METADATA_KEY
    }


def _decoded(value: str) -> str:
    from email.errors import HeaderParseError
    from email.header import decode_header, make_header

    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, UnicodeDecodeError):
        return value  # somebody's own text that only looks encoded
