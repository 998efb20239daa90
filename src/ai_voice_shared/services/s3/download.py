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
from ai_voice_shared.services.s3.keys import S3Key, validate_options

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from pydantic import BaseModel

    from ai_voice_shared.services.s3.session import S3Session

__all__ = [
    "CHUNK_SIZE",
    "DownloadOptions",
    "FileDownloadOptions",
    "ReadConditions",
    "download_bytes",
    "download_file",
    "download_fileobj",
    "expected_crc32",
    "get_model",
    "iter_chunks",
    "read_parameters",
]

CHUNK_SIZE = 1 << 20
"""Bytes that are read at a time."""

ModelT = TypeVar("ModelT", bound="BaseModel")

_log = logging.getLogger(__name__)


class ReadConditions(TypedDict, total=False):
    """The version to read, and on which conditions: options of `S3Service.head_object` and of all reading methods.

    Parameters
    ----------
    version_id
        By default the newest version.
    if_match, if_none_match
        Read only an object with this ETag, or with another one.
    if_modified_since, if_unmodified_since
        Read only an object that was written after this time, or before it.

    Examples
    --------
    >>> conditions: ReadConditions = {"if_none_match": "5d41402abc4b2a76b9719d911017c592"}
    """

    version_id: str | None
    if_match: str | None
    if_none_match: str | None
    if_modified_since: datetime | None
    if_unmodified_since: datetime | None


class DownloadOptions(ReadConditions, total=False):
    """The options of all reading methods of `S3Service`; None leaves an option at its default.

    Parameters
    ----------
    max_bytes
        Raise `S3TooLargeError`, with nothing read, if there are more bytes than these.
    byte_range
        The first byte and the last, or None for the rest; a negative first one counts from the end.
    """

    max_bytes: int | None
    byte_range: tuple[int, int | None] | None


class FileDownloadOptions(DownloadOptions, total=False):
    """The options of the methods that read into a file.

    Parameters
    ----------
    on_progress
        Called with the bytes that have been written so far.

    Examples
    --------
    >>> options: FileDownloadOptions = {"on_progress": print, "max_bytes": 16 << 20}
    """

    on_progress: Callable[[int], None] | None


_PARAMETERS = {
    "version_id": "VersionId",
    "if_match": "IfMatch",
    "if_none_match": "IfNoneMatch",
    "if_modified_since": "IfModifiedSince",
    "if_unmodified_since": "IfUnmodifiedSince",
}
# What botocore makes of a connection that breaks or stalls while a body is read.
_BROKEN = {"IncompleteReadError", "ReadTimeoutError", "ResponseStreamingError"}


class _Progress:
    """The bytes received so far and, where the whole object's CRC32 is known, their CRC32."""

    __slots__ = ("crc", "expected", "received")

    def __init__(self, parameters: dict[str, Any], response: dict[str, Any]) -> None:
        self.received = 0
        self.crc = 0
        self.expected = None if "Range" in parameters else expected_crc32(response)


def download_bytes(session: S3Session, key: str, **options: Unpack[DownloadOptions]) -> bytes:
    """Read an object, or a part of it, into memory."""
    parameters = read_parameters(session, key, options)
    with session.operation("GetObject", key):
        response = _open_object(session, parameters, options.get("max_bytes"))
        body = response["Body"]
        try:
            # In one read, which copies nothing; what a broken one brought is lost, and reading starts over.
            content: bytes = body.read()
        except Exception as error:
            if not _is_broken(error):
                raise
            content = b"".join(
                _resume(session, parameters, response, _Progress(parameters, response), CHUNK_SIZE, error)
            )
        finally:
            body.close()
    _log_success(session, key, len(content))
    return content


def download_file(
    session: S3Session, key: str, path: str | os.PathLike[str], **options: Unpack[FileDownloadOptions]
) -> int:
    """Write an object to a file, whole or not at all; return the bytes written."""
    import secrets
    from pathlib import Path

    target = Path(path)
    # Not by tempfile: its files are readable by their owner only, and reading the umask changes it for all threads.
    scratch = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with scratch.open("xb") as file:
            written = download_fileobj(session, key, file, **options)
        scratch.replace(target)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    return written


def download_fileobj(session: S3Session, key: str, fileobj: BinaryIO, **options: Unpack[FileDownloadOptions]) -> int:
    """Write an object to an open binary file; return the bytes written."""
    parameters = read_parameters(session, key, options, FileDownloadOptions)
    on_progress = options.get("on_progress")
    written = 0
    for chunk in _iter_chunks(session, parameters, CHUNK_SIZE, options.get("max_bytes")):
        fileobj.write(chunk)
        written += len(chunk)
        if on_progress is not None:
            on_progress(written)
    return written


def iter_chunks(
    session: S3Session, key: str, *, chunk_size: int = CHUNK_SIZE, **options: Unpack[DownloadOptions]
) -> Iterator[bytes]:
    """Yield an object in chunks; nothing is sent before the first one is requested."""
    return _iter_chunks(session, read_parameters(session, key, options), chunk_size, options.get("max_bytes"))


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


def read_parameters(
    session: S3Session, key: str, options: ReadConditions, kind: Any = DownloadOptions
) -> dict[str, Any]:
    """Return the parameters of the GetObject or HeadObject with these options, which are those of the TypedDict `kind`.

    Examples
    --------
    >>> from ai_voice_shared.services.s3.session import S3Session
    >>> read_parameters(S3Session(bucket_name="notes"), "a.ogg", {"byte_range": (10, None), "if_match": "5d41"})
    {'Bucket': 'notes', 'Key': 'a.ogg', 'IfMatch': '5d41', 'Range': 'bytes=10-'}
    """
    given = validate_options(options, kind)
    parameters = {"Bucket": session.bucket_name, "Key": S3Key(key)}
    for name, parameter in _PARAMETERS.items():
        # An empty version means the newest one; an empty condition is passed on for S3 to refuse.
        if given.get(name) or (name in given and name != "version_id"):
            parameters[parameter] = given[name]
    if "byte_range" in given:
        parameters["Range"] = _range_header(*given["byte_range"])
    return parameters


def _iter_chunks(session: S3Session, parameters: dict[str, Any], size: int, max_bytes: int | None) -> Iterator[bytes]:
    key = parameters["Key"]
    with session.operation("GetObject", key):
        response = _open_object(session, parameters, max_bytes)
        body = response["Body"]
        progress = _Progress(parameters, response)
        try:
            yield from _read_body(body, size, progress)
        except Exception as error:
            if not _is_broken(error):
                raise
            yield from _resume(session, parameters, response, progress, size, error)
        finally:
            body.close()
    _log_success(session, key, response["ContentLength"])


def _read_body(body: Any, size: int, progress: _Progress) -> Iterator[bytes]:
    while chunk := body.read(size):
        progress.received += len(chunk)
        if progress.expected is not None:
            progress.crc = zlib.crc32(chunk, progress.crc)
        yield chunk


def _open_object(session: S3Session, parameters: dict[str, Any], max_bytes: int | None) -> dict[str, Any]:
    response: dict[str, Any] = session.client.get_object(**parameters)
    length: int = response["ContentLength"]
    if max_bytes is not None and length > max_bytes:
        response["Body"].close()
        msg = f"{length} bytes, more than the limit of {max_bytes}"
        raise errors.S3TooLargeError(msg, operation="GetObject", bucket=session.bucket_name, key=parameters["Key"])
    return response


def _resume(
    session: S3Session,
    parameters: dict[str, Any],
    response: dict[str, Any],
    progress: _Progress,
    size: int,
    cause: Exception,
) -> Iterator[bytes]:
    """Continue reading after a break, as long as each attempt brings something."""
    from ai_voice_shared.aws import classify_error

    total: int = response["ContentLength"]
    first = _first_byte(response)
    failures = 0
    while progress.received < total:
        failures += 1
        if failures >= session.settings.max_attempts:
            raise cause
        extra = {"bucket": session.bucket_name, "key": parameters["Key"], "bytes": progress.received}
        _log.info("download broken, resuming", extra=extra)
        missing = {"Range": _range_header(first + progress.received, first + total - 1), "IfMatch": response["ETag"]}
        try:
            body = session.client.get_object(**parameters | missing)["Body"]
            try:
                for chunk in _read_body(body, size, progress):
                    failures = 0
                    yield chunk
            finally:
                body.close()
        except Exception as error:
            failure = classify_error(error)
            if failure is not None and failure.status == HTTPStatus.PRECONDITION_FAILED:
                raise _integrity_error(session, parameters, "the object was replaced while it was read") from error
            if not _is_broken(error):
                raise
            cause = error
    # botocore checks a body that it read at once; what came in chunks is checked here.
    if progress.expected is not None and progress.crc != progress.expected:
        raise _integrity_error(session, parameters, "the bytes do not match their checksum")


def _integrity_error(session: S3Session, parameters: dict[str, Any], message: str) -> errors.S3IntegrityError:
    return errors.S3IntegrityError(message, operation="GetObject", bucket=session.bucket_name, key=parameters["Key"])


def _is_broken(error: Exception) -> bool:
    """Return whether an error says that the connection of a body broke or stalled."""
    from urllib3.exceptions import ProtocolError

    from ai_voice_shared.aws import classify_error

    failure = classify_error(error)
    return isinstance(error, ProtocolError | OSError) or (failure is not None and failure.code in _BROKEN)


def _log_success(session: S3Session, key: str, size: int) -> None:
    _log.debug("downloaded", extra={"bucket": session.bucket_name, "key": key, "bytes": size})


def _range_header(first: int, last: int | None) -> str:
    return f"bytes={first}-{'' if last is None else last}" if first >= 0 else f"bytes={first}"


def _first_byte(response: dict[str, Any]) -> int:
    """Return where in the object a response begins: `bytes 5-9/10` of a range, else at its beginning."""
    content_range: str = response.get("ContentRange", "")
    return int(content_range.partition(" ")[2].partition("-")[0]) if content_range else 0
