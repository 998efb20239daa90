"""Reading objects."""

from __future__ import annotations

import logging
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, TypedDict, TypeVar, Unpack

from ai_voice_shared import errors
from ai_voice_shared.services.s3.base import S3Base
from ai_voice_shared.services.s3.errors import translated
from ai_voice_shared.services.s3.keys import S3Key

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from aws_lambda_powertools.utilities.streaming import S3Object
    from pydantic import BaseModel

__all__ = ["CHUNK_SIZE", "ReadOptions", "S3Reading"]

CHUNK_SIZE = 1 << 20
"""Bytes that are read at a time."""

ModelT = TypeVar("ModelT", bound="BaseModel")
_log = logging.getLogger(__name__)
_PRECONDITION_FAILED = 412


class ReadOptions(TypedDict, total=False):
    """Which version of an object, which part of it, and under which condition (GetObject's own words)."""

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


class S3Reading(S3Base):
    """The reading side of `S3Service`."""

    def download_bytes(self, key: str, *, max_bytes: int | None = None, **options: Unpack[ReadOptions]) -> bytes:
        """Read an object, or a part of it, into memory.

        Parameters
        ----------
        key
            The object's key.
        max_bytes
            Raise `S3TooLargeError`, with nothing read, where there are more bytes than these.
        **options
            `byte_range` (first byte, last byte or None for the rest), `version_id`, `if_match`, `if_none_match`,
            `if_modified_since`, `if_unmodified_since`.

        Raises
        ------
        S3ObjectNotFoundError, S3NotModifiedError, S3PreconditionFailedError, S3InvalidRangeError
            As the condition or the key has it.
        S3IntegrityError
            The bytes do not fit their checksum or their length.
        S3TooLargeError
            More than `max_bytes`.
        S3Error
            Anything else; see `ai_voice_shared.errors`.
        """
        with self._operation("GetObject", key):
            answer = self._get(key, options)
            length: int = answer["ContentLength"]
            body = answer["Body"]
            if max_bytes is not None and length > max_bytes:
                body.close()
                raise self._too_large(key, length, max_bytes)
            try:
                content: bytes = body.read()
            except _broken_body() as error:
                # Once more from the start would do, but a second break is likelier the larger the object is.
                content = b"".join(self._resumed(key, answer, options, [], CHUNK_SIZE, error))
        self._done("downloaded", key, bytes=len(content))
        return content

    def download_file(
        self,
        key: str,
        path: str | os.PathLike[str],
        *,
        max_bytes: int | None = None,
        on_progress: Callable[[int], None] | None = None,
        **options: Unpack[ReadOptions],
    ) -> int:
        """Write an object into a file, whole or not at all.

        It is written under a temporary name beside `path` and renamed when all of it is there; on a failure nothing
        is left, and a file that was there before is untouched.

        Parameters
        ----------
        key, max_bytes, **options
            As in `download_bytes`.
        path
            The file.
        on_progress
            Called with the bytes that have been written so far.

        Returns
        -------
        int
            Bytes written.
        """
        import os
        import tempfile
        from pathlib import Path

        target = Path(path)
        descriptor, scratch = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                written = self.download_fileobj(key, file, max_bytes=max_bytes, on_progress=on_progress, **options)
            # mkstemp makes files that nobody else can read; the caller expects what open() would have made.
            umask = os.umask(0)
            os.umask(umask)
            Path(scratch).chmod(0o666 & ~umask)
            Path(scratch).replace(target)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise
        return written

    def download_fileobj(
        self,
        key: str,
        fileobj: BinaryIO,
        *,
        max_bytes: int | None = None,
        on_progress: Callable[[int], None] | None = None,
        **options: Unpack[ReadOptions],
    ) -> int:
        """Write an object into an open binary file, in constant memory; gives the bytes written."""
        written = 0
        for chunk in self.iter_chunks(key, max_bytes=max_bytes, **options):
            fileobj.write(chunk)
            written += len(chunk)
            if on_progress is not None:
                on_progress(written)
        return written

    def iter_chunks(
        self, key: str, *, chunk_size: int = CHUNK_SIZE, max_bytes: int | None = None, **options: Unpack[ReadOptions]
    ) -> Iterator[bytes]:
        """Give an object in pieces, in constant memory.

        After a broken connection it goes on with a ranged read from where it was, if the object is still the same
        (by its ETag); the checksum of the whole is still checked at the end.

        Parameters
        ----------
        key, max_bytes, **options
            As in `download_bytes`.
        chunk_size
            Bytes of a piece.

        Raises
        ------
        S3IntegrityError
            The object was replaced while it was read, or its bytes do not fit its checksum.
        """
        with self._operation("GetObject", key):
            answer = self._get(key, options)
            length: int = answer["ContentLength"]
            if max_bytes is not None and length > max_bytes:
                answer["Body"].close()
                raise self._too_large(key, length, max_bytes)
            yield from self._chunks(key, answer, options, chunk_size)
        self._done("downloaded", key, bytes=length)

    def get_model(self, key: str, model: type[ModelT], *, max_bytes: int = 1 << 20) -> ModelT:
        """Read an object as JSON into a pydantic model.

        Raises
        ------
        ValidationError
            The object is not such JSON; `details` names the places, without their values.
        """
        from pydantic import ValidationError as PydanticValidationError

        content = self.download_bytes(key, max_bytes=max_bytes)
        try:
            return model.model_validate_json(content)
        except PydanticValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            details = [{"location": list(one["loc"]), "message": one["msg"]} for one in found]
            msg = f"s3://{self.bucket_name}/{key} is not a {model.__name__}"
            raise errors.ValidationError(msg, details=details) from None

    def open(self, key: str, *, version_id: str | None = None) -> S3Object:
        """Open an object as a seekable stream, read by ranges as it is needed (Powertools Streaming)."""
        from aws_lambda_powertools.utilities.streaming import S3Object

        return S3Object(bucket=self.bucket_name, key=S3Key(key), version_id=version_id, boto3_client=self.client)

    def _get(self, key: str, options: ReadOptions, **more: Any) -> dict[str, Any]:
        parameters: dict[str, Any] = {
            _PARAMETERS[name]: value for name, value in options.items() if name in _PARAMETERS
        }
        if (byte_range := options.get("byte_range")) is not None:
            first, last = byte_range
            parameters["Range"] = f"bytes={first}-{'' if last is None else last}"
        answer: dict[str, Any] = self.client.get_object(
            Bucket=self.bucket_name, Key=S3Key(key), **{**parameters, **more}
        )
        return answer

    def _chunks(self, key: str, answer: dict[str, Any], options: ReadOptions, size: int) -> Iterator[bytes]:
        body = answer["Body"]
        seen: list[int] = [0, 0]  # bytes and running CRC32
        try:
            while chunk := body.read(size):
                seen[0] += len(chunk)
                seen[1] = zlib.crc32(chunk, seen[1])
                yield chunk
        except _broken_body() as error:
            yield from self._resumed(key, answer, options, seen, size, error)
        finally:
            body.close()

    def _resumed(
        self,
        key: str,
        answer: dict[str, Any],
        options: ReadOptions,
        seen: list[int],
        size: int,
        cause: Exception,
    ) -> Iterator[bytes]:
        """Go on reading after a break, as long as each try brings something."""
        received, crc = seen or (0, 0)
        first, last = options.get("byte_range") or (0, None)
        total: int = answer["ContentLength"]
        if first < 0:  # the last bytes of an object: where they begin is in the answer
            first = int(answer["ContentRange"].partition(" ")[2].partition("-")[0])
        failures = 0
        while received < total:
            failures += 1
            if failures >= self.settings.max_attempts:
                with translated("GetObject", self.bucket_name, key):
                    raise cause
            _log.info("download broken, resuming", extra={"bucket": self.bucket_name, "key": key, "bytes": received})
            end = first + total - 1 if last is None else last
            try:
                rest = self._get(key, options, Range=f"bytes={first + received}-{end}", IfMatch=answer["ETag"])
                body = rest["Body"]
                while chunk := body.read(size):
                    failures = 0
                    received += len(chunk)
                    crc = zlib.crc32(chunk, crc)
                    yield chunk
            except _broken_body() as error:
                cause = error
            except self.client.exceptions.ClientError as error:
                if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == _PRECONDITION_FAILED:
                    raise self._integrity(key, "the object was replaced while it was read") from error
                raise
        self._check(key, answer, options, crc)

    def _check(self, key: str, answer: dict[str, Any], options: ReadOptions, crc: int) -> None:
        """Check what was read in pieces against the checksum of the whole, as botocore does for one read."""
        import base64

        expected = answer.get("ChecksumCRC32")
        if (
            expected
            and "byte_range" not in options
            and answer.get("ChecksumType") != "COMPOSITE"
            and "-" not in expected
        ):
            found = base64.b64encode(crc.to_bytes(4, "big")).decode()
            if found != expected:
                raise self._integrity(key, "the bytes do not fit their checksum")

    def _integrity(self, key: str, message: str) -> errors.S3IntegrityError:
        return errors.S3IntegrityError(message, operation="GetObject", bucket=self.bucket_name, key=key)

    def _too_large(self, key: str, length: int, limit: int) -> errors.S3TooLargeError:
        return errors.S3TooLargeError(
            f"{length} bytes, more than the limit of {limit}", operation="GetObject", bucket=self.bucket_name, key=key
        )


def _broken_body() -> tuple[type[Exception], ...]:
    """Name what a body raises when its connection breaks or stalls."""
    import urllib3.exceptions
    from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

    return (
        IncompleteReadError,
        ReadTimeoutError,
        ResponseStreamingError,
        urllib3.exceptions.ProtocolError,
        ConnectionError,
    )
