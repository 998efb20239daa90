"""Getting the bytes of an object, also over a connection that breaks.

botocore sends a request again until an answer begins. When the body that follows breaks, it is the reader's turn:
here reading goes on with a ranged request from where it was, under the condition that the object is still the same.
"""

from __future__ import annotations

import logging
import zlib
from typing import TYPE_CHECKING, Any, TypedDict

from ai_voice_shared import errors
from ai_voice_shared.services.s3.base import S3Base
from ai_voice_shared.services.s3.checksums import crc32_text, expected_crc32
from ai_voice_shared.services.s3.errors import translated
from ai_voice_shared.services.s3.keys import S3Key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

__all__ = ["CHUNK_SIZE", "Progress", "ReadOptions", "S3Fetching", "broken_body"]

CHUNK_SIZE = 1 << 20
"""Bytes that are read at a time."""

_log = logging.getLogger(__name__)
_PRECONDITION_FAILED = 412


class ReadOptions(TypedDict, total=False):
    """Which version of an object, which part of it, and under which condition (GetObject's own words).

    `byte_range` is the first byte and the last, or None for the rest; a negative first one counts from the end.
    """

    byte_range: tuple[int, int | None]
    version_id: str
    if_match: str
    if_none_match: str
    if_modified_since: datetime
    if_unmodified_since: datetime


_PARAMETERS = {
    "version_id": "VersionId",
    "if_match": "IfMatch",
    "if_none_match": "IfNoneMatch",
    "if_modified_since": "IfModifiedSince",
    "if_unmodified_since": "IfUnmodifiedSince",
}


class Progress:
    """How far reading has come: bytes, and their CRC32 so far."""

    __slots__ = ("crc", "received")

    def __init__(self, received: int = 0, crc: int = 0) -> None:
        self.received = received
        self.crc = crc


class S3Fetching(S3Base):
    """GetObject and what follows it, for the reading side of `S3Service`."""

    def _get(self, key: str, options: ReadOptions, **more: Any) -> dict[str, Any]:
        parameters: dict[str, Any] = {
            _PARAMETERS[name]: value for name, value in options.items() if name in _PARAMETERS
        }
        if (byte_range := options.get("byte_range")) is not None:
            parameters["Range"] = _range_header(*byte_range)
        answer: dict[str, Any] = self.client.get_object(
            Bucket=self.bucket_name, Key=S3Key(key), **{**parameters, **more}
        )
        return answer

    def _chunks(self, key: str, answer: dict[str, Any], options: ReadOptions, size: int) -> Iterator[bytes]:
        body = answer["Body"]
        progress = Progress()
        checked = _is_whole(options) and expected_crc32(answer) is not None
        try:
            while chunk := body.read(size):
                progress.received += len(chunk)
                if checked:
                    progress.crc = zlib.crc32(chunk, progress.crc)
                yield chunk
        except broken_body() as error:
            yield from self._resumed(key, answer, options, progress, size, error)
        finally:
            body.close()

    def _resumed(
        self, key: str, answer: dict[str, Any], options: ReadOptions, at: Progress, size: int, cause: Exception
    ) -> Iterator[bytes]:
        """Go on reading after a break, as long as each try brings something."""
        total: int = answer["ContentLength"]
        first = _first_byte(answer)
        failures = 0
        while at.received < total:
            failures += 1
            if failures >= self.settings.max_attempts:
                with translated("GetObject", self.bucket_name, key):
                    raise cause
            _log.info("download broken, resuming", extra={"bucket": self.bucket_name, "key": key, "bytes": at.received})
            missing = _range_header(first + at.received, first + total - 1)
            try:
                body = self._get(key, options, Range=missing, IfMatch=answer["ETag"])["Body"]
                try:
                    while chunk := body.read(size):
                        failures = 0
                        at.received += len(chunk)
                        at.crc = zlib.crc32(chunk, at.crc)
                        yield chunk
                finally:
                    body.close()
            except broken_body() as error:
                cause = error
            except self.client.exceptions.ClientError as error:
                if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == _PRECONDITION_FAILED:
                    raise self._integrity(key, "the object was replaced while it was read") from error
                raise
        # botocore checks a body that it read in one go; what came in pieces is checked here.
        expected = expected_crc32(answer) if _is_whole(options) else None
        if expected is not None and crc32_text(at.crc) != expected:
            raise self._integrity(key, "the bytes do not fit their checksum")

    def _integrity(self, key: str, message: str) -> errors.S3IntegrityError:
        return errors.S3IntegrityError(message, operation="GetObject", bucket=self.bucket_name, key=key)


def broken_body() -> tuple[type[Exception], ...]:
    """Name what a body raises when its connection breaks or stalls."""
    import urllib3.exceptions
    from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

    return (
        IncompleteReadError,
        ReadTimeoutError,
        ResponseStreamingError,
        urllib3.exceptions.ProtocolError,
        OSError,
    )


def _range_header(first: int, last: int | None) -> str:
    return f"bytes={first}-{'' if last is None else last}" if first >= 0 else f"bytes={first}"


def _is_whole(options: ReadOptions) -> bool:
    return "byte_range" not in options


def _first_byte(answer: dict[str, Any]) -> int:
    """Say where in the object an answer begins: `bytes 5-9/10` of a range, else at its beginning."""
    content_range: str = answer.get("ContentRange", "")
    return int(content_range.partition(" ")[2].partition("-")[0]) if content_range else 0
