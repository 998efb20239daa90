"""Writing objects: in one request where that does, in parts where it does not.

s3transfer, which boto3's own upload_* use, starts threads for every call, closes the caller's file and knows no
`IfNoneMatch`. Here a body that fits into one part goes out in one PutObject, and a longer one part by part, so that
memory stays constant and nothing has to be known about its length.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypedDict, Unpack

from ai_voice_shared.errors import ValidationError
from ai_voice_shared.services.s3.base import etag_of
from ai_voice_shared.services.s3.checksums import crc32_text
from ai_voice_shared.services.s3.content_types import guess_content_type
from ai_voice_shared.services.s3.keys import S3Key
from ai_voice_shared.services.s3.metadata import encode_metadata
from ai_voice_shared.services.s3.multipart import S3Multipart
from ai_voice_shared.services.s3.parts import FILE_PART_SIZE, STREAM_PART_SIZE, Parts, chunks_of_file

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from pydantic import BaseModel

__all__ = ["MAX_PUT_BYTES", "S3Upload", "S3Writing", "UploadOptions", "conditions_of"]

MAX_PUT_BYTES = 5 << 30
"""Bytes that S3 takes in one PutObject."""


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


class S3Writing(S3Multipart):
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

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()  # in a function: S3Service()
        >>> s3.upload_bytes("notes/a.txt", b"hello", metadata={"name": "Zoë"}, if_none_match="*").size
        5
        >>> s3.head_object("notes/a.txt").metadata
        {'name': 'Zoë'}
        """
        if isinstance(data, str):
            raise ValidationError("data is text, and S3 stores bytes: give text.encode()")
        if len(data) > MAX_PUT_BYTES:
            return self._upload(key, [data], options, part_size=4 * FILE_PART_SIZE)
        parameters = self._object_parameters(key, options) | conditions_of(options)
        # botocore takes no memoryview, and moto no bytearray.
        body = data if isinstance(data, bytes) else bytes(data)
        if "ChecksumAlgorithm" not in parameters:
            parameters["ChecksumCRC32"] = crc32_text(zlib.crc32(body))
        answer = self._written("PutObject", parameters, Body=body)
        return self._stored(key, answer, len(body))

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

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> with TemporaryDirectory() as folder:
        ...     _ = Path(folder, "a.ogg").write_bytes(b"OggS...")
        ...     s3.upload_file("notes/a.ogg", Path(folder, "a.ogg"), on_progress=print).size
        7
        7
        """
        from pathlib import Path

        file = Path(path)
        if "content_type" not in options:
            options["content_type"] = guess_content_type(key, file.name)
        with file.open("rb") as stream:
            chunks = chunks_of_file(stream)
            return self._upload(key, chunks, options, part_size=FILE_PART_SIZE, on_progress=on_progress)

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

        Examples
        --------
        >>> import io
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3, file = InMemoryS3Service(), io.BytesIO(b"head and body")
        >>> _ = file.seek(9)
        >>> s3.upload_fileobj("body.txt", file).size, file.closed
        (4, False)
        """
        chunks = chunks_of_file(fileobj)
        return self._upload(
            key, chunks, options, part_size=FILE_PART_SIZE, max_bytes=max_bytes, on_progress=on_progress
        )

    def upload_stream(
        self,
        key: str,
        chunks: Iterable[bytes],
        *,
        max_bytes: int | None = None,
        on_progress: Callable[[int], None] | None = None,
        **options: Unpack[UploadOptions],
    ) -> S3Upload:
        """Store an iterable of bytes of unknown length, in constant memory: 5 MiB, and the piece at hand.

        Whatever `chunks` raises goes through to the caller, and then nothing is stored: a started multipart upload
        is aborted.

        Parameters
        ----------
        key, max_bytes, on_progress, **options
            As in `upload_fileobj`.
        chunks
            Pieces of any size.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> s3.upload_stream("notes/a.ogg", (b"OggS", b"..."), max_bytes=16 << 20).size
        7
        """
        return self._upload(
            key, chunks, options, part_size=STREAM_PART_SIZE, max_bytes=max_bytes, on_progress=on_progress
        )

    def put_model(self, key: str, model: BaseModel, **options: Unpack[UploadOptions]) -> S3Upload:
        """Store a pydantic model as JSON; `get_model` reads it.

        Examples
        --------
        >>> from ai_voice_shared import CustomerMetadata
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.put_model(
        ...     "customer.json", CustomerMetadata(customer_id="c-1", company_id="acme", company_name="Acme")
        ... )
        >>> s3.get_model("customer.json", CustomerMetadata)
        CustomerMetadata(customer_id='c-1', company_id='acme')
        """
        options.setdefault("content_type", "application/json")
        return self.upload_bytes(key, model.model_dump_json(by_alias=True).encode(), **options)

    def _upload(
        self,
        key: str,
        chunks: Iterable[bytes | bytearray | memoryview],
        options: UploadOptions,
        *,
        part_size: int,
        max_bytes: int | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> S3Upload:
        parameters = self._object_parameters(key, options)  # bad input fails before anything is read or sent
        parts = Parts(chunks)
        parts.fill(part_size)
        self._within(key, parts.size, max_bytes)
        if not parts.more:
            stored = self.upload_bytes(key, parts.content(), **options)
            if on_progress is not None:
                on_progress(stored.size)
            return stored
        conditions = conditions_of(options)
        answer, size = self._in_parts(parameters, conditions, parts, part_size, max_bytes, on_progress)
        return self._stored(key, answer, size)

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

    def _stored(self, key: str, answer: dict[str, Any], size: int) -> S3Upload:
        self._done("uploaded", key, bytes=size)
        return S3Upload(key, etag_of(answer), answer.get("VersionId"), size)


_CONDITIONS = {"if_none_match": "IfNoneMatch", "if_match": "IfMatch"}
_PASSED_ON = {
    "content_disposition": "ContentDisposition",
    "content_encoding": "ContentEncoding",
    "cache_control": "CacheControl",
    "storage_class": "StorageClass",
    "checksum_algorithm": "ChecksumAlgorithm",
}


def conditions_of(options: UploadOptions) -> dict[str, str]:
    """Give the conditions among the options, by S3's names."""
    return {_CONDITIONS[name]: str(value) for name, value in options.items() if name in _CONDITIONS}
