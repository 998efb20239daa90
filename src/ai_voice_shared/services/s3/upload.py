"""Writing objects: in one request where that is enough, as a multipart upload where it is not.

s3transfer, which boto3's own upload_* use, starts threads for every call, closes the caller's file and has no
`IfNoneMatch`. Here a body that fits into one part is sent in one PutObject, and a longer one part by part, so that
memory stays constant and the length need not be known.

Every body is sent with its CRC32 unless the caller names another checksum. botocore would add it too, but over TLS as
a trailer: it then cuts the body into chunks and copies it while sending. Computed beforehand, it is a header.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from __future__ import annotations

import base64
import logging
import time
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypedDict, Unpack

from ai_voice_shared import errors
from ai_voice_shared.services.s3.keys import (
    WRITE_ID_METADATA_KEY,
    describe_object,
    guess_content_type,
    validate_options,
)
from ai_voice_shared.services.s3.part_buffer import FILE_PART_SIZE, STREAM_PART_SIZE, PartBuffer, part_size, read_chunks

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from pydantic import BaseModel

    from ai_voice_shared.services.s3.session import S3Session

__all__ = [
    "MAX_PUT_BYTES",
    "S3Upload",
    "TransferOptions",
    "UploadOptions",
    "encode_crc32",
    "object_parameters",
    "parse_etag",
    "pop_conditions",
    "put_model",
    "upload_bytes",
    "upload_file",
    "upload_fileobj",
    "upload_result",
    "upload_stream",
]

MAX_PUT_BYTES = 5 << 30
"""Bytes that S3 accepts in one PutObject."""

HEADERS = {
    "content_type": "ContentType",
    "content_disposition": "ContentDisposition",
    "content_encoding": "ContentEncoding",
    "cache_control": "CacheControl",
}
"""The options that S3 returns as headers with the object, and their names in its API."""

_CONDITIONS = {"if_none_match": "IfNoneMatch", "if_match": "IfMatch"}
_PASSTHROUGH = {
    **HEADERS,
    **_CONDITIONS,
    "storage_class": "StorageClass",
    "checksum_algorithm": "ChecksumAlgorithm",
}
_log = logging.getLogger(__name__)


class UploadOptions(TypedDict, total=False):
    """The options of all writing methods of `S3Service`; None leaves an option at its default.

    Parameters
    ----------
    content_type
        By default guessed from the key's file extension.
    content_disposition, content_encoding, cache_control
        As in PutObject.
    metadata
        Names and values; a value may be any text.
    tags
        Names and values.
    storage_class
        As in PutObject.
    kms_key_id
        Encrypt with this KMS key, by default with `S3Settings.kms_key_id`.
    checksum_algorithm
        `"SHA256"`, `"SHA1"`, `"CRC32C"`; by default CRC32.
    if_none_match
        `"*"` writes only if the key is free.
    if_match
        Write only over the object with this ETag.
    """

    content_type: str | None
    content_disposition: str | None
    content_encoding: str | None
    cache_control: str | None
    metadata: Mapping[str, str] | None
    tags: Mapping[str, str] | None
    storage_class: str | None
    kms_key_id: str | None
    checksum_algorithm: str | None
    if_none_match: str | None
    if_match: str | None


class TransferOptions(UploadOptions, total=False):
    """The options of the methods that write a file or a stream.

    Parameters
    ----------
    max_bytes
        Raise `S3TooLargeError`, with nothing stored, if there are more bytes than these.
    on_progress
        Called with the bytes that have been sent so far, after each part.

    Examples
    --------
    >>> options: TransferOptions = {"max_bytes": 16 << 20, "content_type": "audio/ogg"}
    """

    max_bytes: int | None
    on_progress: Callable[[int], None] | None


class S3Upload(NamedTuple):
    """A stored object."""

    key: str
    etag: str | None
    version_id: str | None
    size: int


def upload_bytes(
    session: S3Session, key: str, data: bytes | bytearray | memoryview, **options: Unpack[UploadOptions]
) -> S3Upload:
    """Store bytes under a key."""
    if isinstance(data, str):
        raise errors.ValidationError("data is text, and S3 stores bytes: pass text.encode()")
    parameters = object_parameters(session, key, options)
    if len(data) > MAX_PUT_BYTES:
        return _upload_chunks(session, key, [data], 4 * FILE_PART_SIZE, **options)
    # botocore accepts no memoryview, and moto no bytearray.
    body = data if isinstance(data, bytes) else bytes(data)
    return _put_object(session, parameters, body)


def upload_file(
    session: S3Session, key: str, path: str | os.PathLike[str], **options: Unpack[TransferOptions]
) -> S3Upload:
    """Store a file."""
    from pathlib import Path

    file = Path(path)
    options["content_type"] = options.get("content_type") or guess_content_type(key, file.name)
    with file.open("rb") as stream:
        return upload_fileobj(session, key, stream, **options)


def upload_fileobj(session: S3Session, key: str, fileobj: BinaryIO, **options: Unpack[TransferOptions]) -> S3Upload:
    """Store the rest of an open binary file."""
    return _upload_chunks(session, key, read_chunks(fileobj), FILE_PART_SIZE, **options)


def upload_stream(
    session: S3Session, key: str, chunks: Iterable[bytes], **options: Unpack[TransferOptions]
) -> S3Upload:
    """Store an iterable of bytes of unknown length."""
    return _upload_chunks(session, key, chunks, STREAM_PART_SIZE, **options)


def put_model(session: S3Session, key: str, model: BaseModel, **options: Unpack[UploadOptions]) -> S3Upload:
    """Store a pydantic model as JSON."""
    options["content_type"] = options.get("content_type") or "application/json"
    return upload_bytes(session, key, model.model_dump_json(by_alias=True).encode(), **options)


def object_parameters(session: S3Session, key: str, options: UploadOptions) -> dict[str, Any]:
    """Return the parameters of the PutObject or CopyObject that creates an object.

    Raises
    ------
    InvalidS3KeyError, ValidationError
        S3 would refuse the key or the metadata.
    TypeError
        An option does not exist.
    """
    given = validate_options(options, UploadOptions)
    parameters = describe_object(key, given.get("content_type"), given.get("metadata"))
    parameters["Bucket"] = session.bucket_name
    if tags := given.get("tags"):
        from urllib.parse import urlencode

        parameters["Tagging"] = urlencode(tags)
    if kms_key_id := given.get("kms_key_id") or session.settings.kms_key_id:
        parameters |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id}
    for name, parameter in _PASSTHROUGH.items():
        # An empty condition is passed on for S3 to refuse: without it a write could destroy something.
        if given.get(name) or (name in given and name in _CONDITIONS):
            parameters[parameter] = given[name]
    return parameters


def pop_conditions(parameters: dict[str, Any]) -> dict[str, Any]:
    """Remove the conditions from an object's parameters and return them: CompleteMultipartUpload has them.

    Examples
    --------
    >>> parameters = {"Key": "a.ogg", "IfNoneMatch": "*"}
    >>> pop_conditions(parameters), parameters
    ({'IfNoneMatch': '*'}, {'Key': 'a.ogg'})
    """
    return {name: parameters.pop(name) for name in _CONDITIONS.values() if name in parameters}


def upload_result(session: S3Session, key: str, response: Mapping[str, Any], size: int) -> S3Upload:
    """Return what S3 reported about a stored object, and log it."""
    _log.debug("uploaded", extra={"bucket": session.bucket_name, "key": key, "bytes": size})
    return S3Upload(key, parse_etag(response), response.get("VersionId"), size)


def parse_etag(response: Mapping[str, Any]) -> str | None:
    """Return the ETag of a response, without its quotation marks.

    Examples
    --------
    >>> parse_etag({"ETag": '"5d41"'})
    '5d41'
    """
    return (response.get("ETag") or "").strip('"') or None


def encode_crc32(crc: int) -> str:
    """Return a CRC32 as S3 writes it: base64 of its four bytes, the highest first.

    Examples
    --------
    >>> import zlib
    >>> encode_crc32(zlib.crc32(b"hello"))
    'NhCmhg=='
    """
    return base64.b64encode(crc.to_bytes(4, "big")).decode()


def _upload_chunks(
    session: S3Session,
    key: str,
    chunks: Iterable[bytes | bytearray | memoryview],
    first_part_size: int,
    *,
    max_bytes: int | None = None,
    on_progress: Callable[[int], None] | None = None,
    **options: Unpack[UploadOptions],
) -> S3Upload:
    parameters = object_parameters(session, key, options)  # bad input fails before anything is read or sent
    buffer = PartBuffer(chunks)
    buffer.fill(first_part_size)
    _check_size(session, key, buffer.size, max_bytes)
    if buffer.more:
        response, size = _multipart_upload(session, parameters, buffer, first_part_size, max_bytes, on_progress)
        return upload_result(session, key, response, size)
    stored = _put_object(session, parameters, buffer.content())
    if on_progress is not None:
        on_progress(stored.size)
    return stored


def _put_object(session: S3Session, parameters: dict[str, Any], body: bytes) -> S3Upload:
    if "ChecksumAlgorithm" not in parameters:
        parameters["ChecksumCRC32"] = encode_crc32(zlib.crc32(body))
    response = _put_with_recovery(session, "PutObject", parameters | {"Body": body})
    return upload_result(session, parameters["Key"], response, len(body))


def _multipart_upload(
    session: S3Session,
    parameters: dict[str, Any],
    buffer: PartBuffer,
    first_part_size: int,
    max_bytes: int | None,
    on_progress: Callable[[int], None] | None,
) -> tuple[dict[str, Any], int]:
    """Send the part in the buffer and all that follow it; return S3's response and the size of the object."""
    from ai_voice_shared.services.s3.multipart import MultipartUpload, supports_full_object_checksum

    conditions = pop_conditions(parameters)
    with session.map_errors("CreateMultipartUpload", parameters["Key"]):
        full_object = "ChecksumAlgorithm" not in parameters and supports_full_object_checksum(session.client)
    algorithm = parameters.setdefault("ChecksumAlgorithm", "CRC32")
    if full_object:
        parameters["ChecksumType"] = "FULL_OBJECT"
    write_token = _add_write_token(parameters)
    sent, crc, number = 0, 0, 1
    with MultipartUpload(session, parameters) as upload:
        while buffer.size:
            _check_size(session, parameters["Key"], sent + buffer.size, max_bytes)
            checksum = encode_crc32(buffer.crc32()) if algorithm == "CRC32" else None
            upload.upload_part(buffer.body(), buffer.size, algorithm, checksum)
            sent += buffer.size
            if full_object:
                crc = buffer.crc32(crc)
            if on_progress is not None:
                on_progress(sent)
            number += 1
            buffer.fill(part_size(number, first_part_size))
        completion = upload.completion_parameters() | conditions
        if full_object:
            completion |= {"ChecksumType": "FULL_OBJECT", "ChecksumCRC32": encode_crc32(crc)}
        return _put_with_recovery(session, "CompleteMultipartUpload", completion, write_token), sent


def _put_with_recovery(
    session: S3Session, operation: str, parameters: dict[str, Any], write_token: str | None = None
) -> dict[str, Any]:
    """Send the request that creates the object, and find out the outcome where S3 leaves it open.

    botocore sends a request again when its response is lost. If the first one succeeded, the second meets the first
    one's object: a condition fails that held, or an upload is gone that was completed. The token in the metadata
    shows whose object it is.
    """
    if write_token is None and ("IfNoneMatch" in parameters or "IfMatch" in parameters):
        write_token = _add_write_token(parameters)
    retries = None
    while True:
        try:
            return session.send(operation, **parameters)
        except (errors.S3PreconditionFailedError, errors.S3NotFoundError) as error:
            prior = _find_prior_write(session, error, parameters, write_token)
            if prior is None:
                raise
            return prior
        except errors.S3ConflictError as error:
            # Nothing was written, and S3 asks to retry: the other write decides the outcome. A multipart upload would
            # have to start over, and its source cannot be read twice.
            if operation != "PutObject":
                raise
            from ai_voice_shared.resilience.retrying import RetryPolicy, RetryState

            policy = RetryPolicy(session.settings.max_attempts)
            retries = retries or RetryState(policy, fields={"bucket": session.bucket_name, "key": parameters["Key"]})
            pause = retries.next_delay(error)
            if pause is None:
                raise
            time.sleep(pause)


def _find_prior_write(
    session: S3Session, error: errors.S3Error, parameters: dict[str, Any], write_token: str | None
) -> dict[str, Any] | None:
    """Return the object of this very write if an earlier attempt of it succeeded after all."""
    response: Any = getattr(error.__cause__, "response", {})
    if write_token is None or not response.get("ResponseMetadata", {}).get("RetryAttempts"):
        return None
    try:
        head = session.send("HeadObject", Key=parameters["Key"])
    except errors.S3Error:
        return None
    return head if head.get("Metadata", {}).get(WRITE_ID_METADATA_KEY) == write_token else None


def _add_write_token(parameters: dict[str, Any]) -> str:
    import uuid

    write_token = uuid.uuid4().hex
    parameters["Metadata"] = {**parameters.get("Metadata", {}), WRITE_ID_METADATA_KEY: write_token}
    return write_token


def _check_size(session: S3Session, key: str, size: int, limit: int | None) -> None:
    if limit is not None and size > limit:
        msg = f"more than the limit of {limit} bytes"
        raise errors.S3TooLargeError(msg, operation="PutObject", bucket=session.bucket_name, key=key)
