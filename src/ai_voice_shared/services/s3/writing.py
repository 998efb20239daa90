"""Writing objects: in one request where that does, in parts where it does not.

s3transfer, which boto3's own upload_* use, starts threads for every call, closes the caller's file and knows no
`IfNoneMatch`. Here a body of up to 8 MiB goes out in one PutObject, and a longer one part by part, so that memory
stays constant and nothing has to be known about its length.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypedDict, Unpack

from ai_voice_shared import errors
from ai_voice_shared.models.s3 import unquoted
from ai_voice_shared.services.s3.base import S3Base
from ai_voice_shared.services.s3.content_types import guess_content_type
from ai_voice_shared.services.s3.keys import S3Key
from ai_voice_shared.services.s3.metadata import encode_metadata

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pydantic import BaseModel

__all__ = ["MAX_PARTS", "PART_SIZE", "S3Upload", "S3Writing", "UploadOptions"]

PART_SIZE = 8 << 20
"""Bytes of a part. S3 wants at least 5 MiB for all but the last."""

MAX_PARTS = 10_000
"""Parts that one upload may have: 80 GB with parts of this size; `upload_file` makes larger ones where needed."""

_log = logging.getLogger(__name__)


class UploadOptions(TypedDict, total=False):
    """What an object is stored with (PutObject's own words).

    `if_none_match="*"` writes only where the key is free, `if_match` only over the object with this ETag.
    """

    content_type: str
    content_disposition: str
    content_encoding: str
    cache_control: str
    metadata: Mapping[str, str]
    tags: Mapping[str, str]
    storage_class: str
    kms_key_id: str
    checksum_algorithm: str
    if_none_match: str
    if_match: str


class S3Upload(NamedTuple):
    """What S3 has stored."""

    key: str
    etag: str | None
    version_id: str | None
    size: int


class S3Writing(S3Base):
    """The writing side of `S3Service`. Every method takes the same options, see `UploadOptions`."""

    def upload_bytes(
        self, key: str, data: bytes | bytearray | memoryview, **options: Unpack[UploadOptions]
    ) -> S3Upload:
        """Store bytes under a key.

        Parameters
        ----------
        key
            The object's key.
        data
            Its bytes.
        **options
            `content_type` (guessed from the key's ending unless given), `metadata` (any text), `tags`,
            `storage_class`, `kms_key_id`, `checksum_algorithm`, `if_none_match`, `if_match`, `cache_control`,
            `content_disposition`, `content_encoding`.

        Raises
        ------
        InvalidS3KeyError
            S3 would refuse the key, or it is unsafe. Nothing was written.
        S3PreconditionFailedError, S3ConflictError
            The condition does not hold, or somebody else was writing. Nothing was written.
        S3Error
            Anything else; see `ai_voice_shared.errors`.
        """
        parameters = self._object_parameters(key, options) | _conditions(options)
        with self._operation("PutObject", key, bytes=len(data)):
            # Not a memoryview: botocore takes bytes, bytearrays and files.
            body = bytes(data) if isinstance(data, memoryview) else data
            answer = self.client.put_object(Body=body, **parameters)
        return self._stored(key, answer, len(data))

    def upload_file(
        self,
        key: str,
        path: str | os.PathLike[str],
        *,
        on_progress: Callable[[int], None] | None = None,
        **options: Unpack[UploadOptions],
    ) -> S3Upload:
        """Store a file; its content type is guessed from its name where the key's ending says nothing.

        Parameters
        ----------
        key, **options
            As in `upload_bytes`.
        path
            The file.
        on_progress
            Called with the bytes that have been sent so far, after each part.
        """
        from pathlib import Path

        file = Path(path)
        if "content_type" not in options:
            options["content_type"] = guess_content_type(key, file.name)
        with file.open("rb") as stream:
            # The part count is limited, so a very large file has larger parts.
            part_size = max(PART_SIZE, -(-file.stat().st_size // MAX_PARTS))
            return self._upload(key, _pieces_of_file(stream, part_size), None, on_progress, options)

    def upload_fileobj(
        self,
        key: str,
        fileobj: BinaryIO,
        *,
        max_bytes: int | None = None,
        on_progress: Callable[[int], None] | None = None,
        **options: Unpack[UploadOptions],
    ) -> S3Upload:
        """Store what an open binary file still has to give, from where it stands; it stays open.

        Parameters
        ----------
        key, **options
            As in `upload_bytes`.
        fileobj
            Anything with `read`; it need not be seekable.
        max_bytes
            Give up with `S3TooLargeError`, with nothing stored, where there are more bytes than these.
        on_progress
            Called with the bytes that have been sent so far, after each part.
        """
        return self._upload(key, _pieces_of_file(fileobj, PART_SIZE), max_bytes, on_progress, options)

    def upload_stream(
        self,
        key: str,
        chunks: Iterable[bytes],
        *,
        max_bytes: int | None = None,
        on_progress: Callable[[int], None] | None = None,
        **options: Unpack[UploadOptions],
    ) -> S3Upload:
        """Store an iterable of bytes of unknown length, in constant memory.

        Whatever `chunks` raises goes through to the caller, and then nothing is stored: a started multipart upload
        is aborted.

        Parameters
        ----------
        key, max_bytes, on_progress, **options
            As in `upload_fileobj`.
        chunks
            Pieces of any size.
        """
        return self._upload(key, _pieces_of_chunks(chunks, PART_SIZE), max_bytes, on_progress, options)

    def put_model(self, key: str, model: BaseModel, **options: Unpack[UploadOptions]) -> S3Upload:
        """Store a pydantic model as JSON; `get_model` reads it."""
        options.setdefault("content_type", "application/json")
        return self.upload_bytes(key, model.model_dump_json(by_alias=True).encode(), **options)

    def _upload(
        self,
        key: str,
        pieces: Iterator[bytes],
        max_bytes: int | None,
        on_progress: Callable[[int], None] | None,
        options: UploadOptions,
    ) -> S3Upload:
        self._object_parameters(key, options)  # bad input fails before anything is read or sent
        first = next(pieces, b"")
        self._within(key, len(first), max_bytes)
        second = next(pieces, b"")
        if not second:
            stored = self.upload_bytes(key, first, **options)
            if on_progress is not None:
                on_progress(len(first))
            return stored
        return self._multipart(key, _chained(first, second, pieces), max_bytes, on_progress, options)

    def _multipart(
        self,
        key: str,
        pieces: Iterator[bytes],
        max_bytes: int | None,
        on_progress: Callable[[int], None] | None,
        options: UploadOptions,
    ) -> S3Upload:
        parameters = self._object_parameters(key, options)
        algorithm = parameters.setdefault("ChecksumAlgorithm", "CRC32")
        place = {"Bucket": self.bucket_name, "Key": parameters["Key"]}
        with self._operation("CreateMultipartUpload", key):
            upload_id = self.client.create_multipart_upload(**parameters)["UploadId"]
        place["UploadId"] = upload_id
        try:
            parts, sent = [], 0
            for number, piece in enumerate(pieces, start=1):
                self._within(key, sent + len(piece), max_bytes)
                with self._operation("UploadPart", key, part=number, bytes=len(piece)):
                    answer = self.client.upload_part(
                        **place, PartNumber=number, Body=piece, ChecksumAlgorithm=algorithm
                    )
                checksum = f"Checksum{algorithm}"
                part = {"PartNumber": number, "ETag": answer["ETag"]}
                parts.append(part | ({checksum: answer[checksum]} if checksum in answer else {}))
                sent += len(piece)
                del piece  # the next one is read while this name would still hold the memory
                if on_progress is not None:
                    on_progress(sent)
            with self._operation("CompleteMultipartUpload", key, parts=len(parts), bytes=sent):
                answer = self.client.complete_multipart_upload(
                    **place, MultipartUpload={"Parts": parts}, **_conditions(options)
                )
        except BaseException:
            self._abort(place)
            raise
        return self._stored(key, answer, sent)

    def _abort(self, place: dict[str, str]) -> None:
        """Give up an upload, so that S3 does not keep (and charge for) its parts."""
        try:
            with self._operation("AbortMultipartUpload", place["Key"]):
                self.client.abort_multipart_upload(**place)
        except errors.AIVoiceError:
            # What went wrong before is what the caller has to know; the bucket's life cycle sweeps up.
            _log.warning("multipart upload left behind", extra={"bucket": place["Bucket"], "key": place["Key"]})

    def _object_parameters(self, key: str, options: UploadOptions) -> dict[str, Any]:
        parameters: dict[str, Any] = {
            "Bucket": self.bucket_name,
            "Key": S3Key(key),
            "ContentType": options.get("content_type") or guess_content_type(key),
        }
        if metadata := encode_metadata(options.get("metadata")):
            parameters["Metadata"] = metadata
        if tags := options.get("tags"):
            from urllib.parse import urlencode

            parameters["Tagging"] = urlencode(tags)
        kms_key_id = options.get("kms_key_id") or self.settings.kms_key_id
        if kms_key_id:
            parameters |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id}
        for name, parameter in _PASSED_ON.items():
            if value := options.get(name):
                parameters[parameter] = value
        return parameters

    def _within(self, key: str, size: int, limit: int | None) -> None:
        if limit is not None and size > limit:
            raise errors.S3TooLargeError(
                f"more than the limit of {limit} bytes", operation="PutObject", bucket=self.bucket_name, key=key
            )

    def _stored(self, key: str, answer: dict[str, Any], size: int) -> S3Upload:
        self._done("uploaded", key, bytes=size)
        return S3Upload(key, unquoted(answer.get("ETag")), answer.get("VersionId"), size)


_PASSED_ON = {
    "content_disposition": "ContentDisposition",
    "content_encoding": "ContentEncoding",
    "cache_control": "CacheControl",
    "storage_class": "StorageClass",
    "checksum_algorithm": "ChecksumAlgorithm",
}


def _conditions(options: UploadOptions) -> dict[str, str]:
    names = {"if_none_match": "IfNoneMatch", "if_match": "IfMatch"}
    return {parameter: str(options[name]) for name, parameter in names.items() if name in options}  # type: ignore[literal-required]


def _pieces_of_file(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Read pieces of exactly `size`, as a raw stream or a socket may give less at a time."""
    while piece := stream.read(size):
        while len(piece) < size and (more := stream.read(size - len(piece))):
            piece += more
        yield piece


def _pieces_of_chunks(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= size:
            yield bytes(buffer[:size])
            del buffer[:size]
    if buffer:
        yield bytes(buffer)


def _chained(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest
