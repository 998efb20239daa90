"""Reading objects, also over a connection that breaks.

botocore retries a request until a response begins. If the body that follows breaks off, boto3 leaves it to the caller:
here reading resumes with a ranged request from where it was, on condition that the object is still the same.
"""

from __future__ import annotations

import base64
import logging
import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, BinaryIO, TypedDict, TypeVar, Unpack

from ai_voice_shared import errors
from ai_voice_shared.services.s3.keys import S3Key

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from pydantic import BaseModel

    from ai_voice_shared.services.s3.session import S3Session

__all__ = [
    "CHUNK_SIZE",
    "DownloadOptions",
    "download_bytes",
    "download_file",
    "download_fileobj",
    "expected_crc32",
    "get_model",
    "iter_chunks",
]

CHUNK_SIZE = 1 << 20
"""Bytes that are read at a time."""

ModelT = TypeVar("ModelT", bound="BaseModel")

_log = logging.getLogger(__name__)


class DownloadOptions(TypedDict, total=False):
    """The keyword arguments that all reading methods of `S3Service` share. None is the same as not given."""

    byte_range: tuple[int, int | None] | None
    version_id: str | None
    if_match: str | None
    if_none_match: str | None
    if_modified_since: datetime | None
    if_unmodified_since: datetime | None


_PARAMETERS = {
    "version_id": "VersionId",
    "if_match": "IfMatch",
    "if_none_match": "IfNoneMatch",
    "if_modified_since": "IfModifiedSince",
    "if_unmodified_since": "IfUnmodifiedSince",
}


class _Progress:
    """The bytes received so far, and their CRC32."""

    __slots__ = ("crc", "received")

    def __init__(self) -> None:
        self.received = 0
        self.crc = 0


def download_bytes(
    session: S3Session, key: str, *, max_bytes: int | None = None, **options: Unpack[DownloadOptions]
) -> bytes:
    """Read an object, or a part of it, into memory."""
    with session.operation("GetObject", key):
        response = _open_object(session, key, options, max_bytes)
        body = response["Body"]
        try:
            # In one read, which copies nothing; what a broken one brought is lost, and reading starts over.
            content: bytes = body.read()
        except _stream_errors() as error:
            content = b"".join(_resume(session, key, response, options, _Progress(), CHUNK_SIZE, error))
        finally:
            body.close()
    _log_success(session, key, len(content))
    return content


def download_file(
    session: S3Session,
    key: str,
    path: str | os.PathLike[str],
    *,
    max_bytes: int | None = None,
    on_progress: Callable[[int], None] | None = None,
    **options: Unpack[DownloadOptions],
) -> int:
    """Write an object to a file, whole or not at all; return the bytes written."""
    import secrets
    from pathlib import Path

    target = Path(path)
    # Not by tempfile: its files are readable by their owner only, and reading the umask changes it for all threads.
    scratch = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with scratch.open("xb") as file:
            written = download_fileobj(session, key, file, max_bytes=max_bytes, on_progress=on_progress, **options)
        scratch.replace(target)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    return written


def download_fileobj(
    session: S3Session,
    key: str,
    fileobj: BinaryIO,
    *,
    max_bytes: int | None = None,
    on_progress: Callable[[int], None] | None = None,
    **options: Unpack[DownloadOptions],
) -> int:
    """Write an object to an open binary file; return the bytes written."""
    written = 0
    for chunk in iter_chunks(session, key, max_bytes=max_bytes, **options):
        fileobj.write(chunk)
        written += len(chunk)
        if on_progress is not None:
            on_progress(written)
    return written


def iter_chunks(
    session: S3Session,
    key: str,
    *,
    chunk_size: int = CHUNK_SIZE,
    max_bytes: int | None = None,
    **options: Unpack[DownloadOptions],
) -> Iterator[bytes]:
    """Yield an object in chunks."""
    with session.operation("GetObject", key):
        response = _open_object(session, key, options, max_bytes)
        yield from _read_chunks(session, key, response, options, chunk_size)
    _log_success(session, key, response["ContentLength"])


def get_model(session: S3Session, key: str, model: type[ModelT], *, max_bytes: int) -> ModelT:
    """Read an object as JSON into a pydantic model."""
    from pydantic import ValidationError as PydanticValidationError

    content = download_bytes(session, key, max_bytes=max_bytes)
    try:
        return model.model_validate_json(content)
    except PydanticValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        details = [{"location": list(item["loc"]), "message": item["msg"]} for item in found]
        msg = f"s3://{session.bucket_name}/{key} is not a {model.__name__}"
        raise errors.ValidationError(msg, details=details) from None


def expected_crc32(response: dict[str, Any]) -> int | None:
    """Return the CRC32 of a whole object from GetObject's response, if S3 knows it.

    The checksum of a multipart upload can be composed of those of its parts; nothing can be compared with that.

    Examples
    --------
    >>> import zlib
    >>> expected_crc32({"ChecksumCRC32": "NhCmhg=="}) == zlib.crc32(b"hello")
    True
    >>> expected_crc32({"ChecksumCRC32": "NhCmhg==-2", "ChecksumType": "COMPOSITE"}) is None
    True
    """
    found: str = response.get("ChecksumCRC32") or ""
    if not found or response.get("ChecksumType") == "COMPOSITE" or "-" in found:
        return None
    return int.from_bytes(base64.b64decode(found), "big")


def _get_object(session: S3Session, key: str, options: DownloadOptions, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    parameters = {_PARAMETERS[name]: value for name, value in given.items() if name in _PARAMETERS}
    if "byte_range" in given:
        parameters["Range"] = _range_header(*given["byte_range"])
    response: dict[str, Any] = session.client.get_object(
        Bucket=session.bucket_name, Key=S3Key(key), **{**parameters, **more}
    )
    return response


def _open_object(session: S3Session, key: str, options: DownloadOptions, max_bytes: int | None) -> dict[str, Any]:
    response = _get_object(session, key, options)
    length: int = response["ContentLength"]
    if max_bytes is not None and length > max_bytes:
        response["Body"].close()
        msg = f"{length} bytes, more than the limit of {max_bytes}"
        raise errors.S3TooLargeError(msg, operation="GetObject", bucket=session.bucket_name, key=key)
    return response


def _read_chunks(
    session: S3Session, key: str, response: dict[str, Any], options: DownloadOptions, size: int
) -> Iterator[bytes]:
    body = response["Body"]
    progress = _Progress()
    checked = _is_whole(options) and expected_crc32(response) is not None
    try:
        while chunk := body.read(size):
            progress.received += len(chunk)
            if checked:
                progress.crc = zlib.crc32(chunk, progress.crc)
            yield chunk
    except _stream_errors() as error:
        yield from _resume(session, key, response, options, progress, size, error)
    finally:
        body.close()


def _resume(
    session: S3Session,
    key: str,
    response: dict[str, Any],
    options: DownloadOptions,
    progress: _Progress,
    size: int,
    cause: Exception,
) -> Iterator[bytes]:
    """Continue reading after a break, as long as each attempt brings something."""
    from botocore.exceptions import ClientError

    total: int = response["ContentLength"]
    first = _first_byte(response)
    failures = 0
    while progress.received < total:
        failures += 1
        if failures >= session.settings.max_attempts:
            raise cause
        extra = {"bucket": session.bucket_name, "key": key, "bytes": progress.received}
        _log.info("download broken, resuming", extra=extra)
        missing = _range_header(first + progress.received, first + total - 1)
        try:
            body = _get_object(session, key, options, Range=missing, IfMatch=response["ETag"])["Body"]
            try:
                while chunk := body.read(size):
                    failures = 0
                    progress.received += len(chunk)
                    progress.crc = zlib.crc32(chunk, progress.crc)
                    yield chunk
            finally:
                body.close()
        except _stream_errors() as error:
            cause = error
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == HTTPStatus.PRECONDITION_FAILED:
                raise _integrity_error(session, key, "the object was replaced while it was read") from error
            raise
    # botocore checks a body that it read at once; what came in chunks is checked here.
    expected = expected_crc32(response) if _is_whole(options) else None
    if expected is not None and progress.crc != expected:
        raise _integrity_error(session, key, "the bytes do not match their checksum")


def _integrity_error(session: S3Session, key: str, message: str) -> errors.S3IntegrityError:
    return errors.S3IntegrityError(message, operation="GetObject", bucket=session.bucket_name, key=key)


def _stream_errors() -> tuple[type[Exception], ...]:
    """Return what a body raises when its connection breaks or stalls.

    A function, not a constant: importing this module must not import botocore.
    """
    import urllib3.exceptions
    from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

    return (
        IncompleteReadError,
        ReadTimeoutError,
        ResponseStreamingError,
        urllib3.exceptions.ProtocolError,
        OSError,
    )


def _log_success(session: S3Session, key: str, size: int) -> None:
    _log.debug("downloaded", extra={"bucket": session.bucket_name, "key": key, "bytes": size})


def _range_header(first: int, last: int | None) -> str:
    return f"bytes={first}-{'' if last is None else last}" if first >= 0 else f"bytes={first}"


def _is_whole(options: DownloadOptions) -> bool:
    return options.get("byte_range") is None


def _first_byte(response: dict[str, Any]) -> int:
    """Return where in the object a response begins: `bytes 5-9/10` of a range, else at its beginning."""
    content_range: str = response.get("ContentRange", "")
    return int(content_range.partition(" ")[2].partition("-")[0]) if content_range else 0
