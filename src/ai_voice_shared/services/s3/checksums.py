"""CRC32, the checksum that goes with every body unless the caller names another.

botocore would add it too, but over TLS as a trailer: it then cuts the body into chunks and copies it on the way out.
Known beforehand, it is a header and the body goes out as it is.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["crc32_text", "expected_crc32", "takes_whole_object_checksum"]


def crc32_text(crc: int) -> str:
    """Write a CRC32 as S3 does: base64 of its four bytes, the highest first.

    Examples
    --------
    >>> import zlib
    >>> crc32_text(zlib.crc32(b"hello"))
    'NhCmhg=='
    """
    return base64.b64encode(crc.to_bytes(4, "big")).decode()


def expected_crc32(answer: Mapping[str, Any]) -> str | None:
    """Give the CRC32 of a whole object from GetObject's answer, where S3 knows it.

    The checksum of an upload in parts can be made of those of its parts; nothing can be checked against that.

    Examples
    --------
    >>> expected_crc32({"ChecksumCRC32": "NhCmhg=="})
    'NhCmhg=='
    >>> expected_crc32({"ChecksumCRC32": "NhCmhg==-2", "ChecksumType": "COMPOSITE"}) is None
    True
    """
    found = answer.get("ChecksumCRC32")
    composite = answer.get("ChecksumType") == "COMPOSITE" or "-" in (found or "")
    return None if composite else found


def takes_whole_object_checksum(client: Any) -> bool:
    """Say whether this botocore knows of one checksum for all parts together; those before 1.37 do not."""
    try:
        shape = client.meta.service_model.operation_model("CreateMultipartUpload").input_shape
    except AttributeError:  # a client of tests
        return True
    return "ChecksumType" in shape.members
