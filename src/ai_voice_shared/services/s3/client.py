"""The public S3 client. Its methods are thin: each calls a function of a module of this package.

This module loads only what an upload needs, which is what a cold start pays for; other modules are imported on first
use.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, BinaryIO, Self, TypeVar, Unpack

from ai_voice_shared.services.s3 import upload
from ai_voice_shared.services.s3.session import S3Session

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping
    from io import BufferedReader

    from pydantic import BaseModel

    from ai_voice_shared.models.s3 import S3ListResponse, S3ObjectMetadata
    from ai_voice_shared.observability.tracing import Tracer
    from ai_voice_shared.services.s3.copy_delete import CopyOptions, S3Deletion
    from ai_voice_shared.services.s3.download import DownloadOptions, FileDownloadOptions, ReadConditions
    from ai_voice_shared.services.s3.presign import PresignedPost, PresignedRequest
    from ai_voice_shared.services.s3.upload import S3Upload, TransferOptions, UploadOptions
    from ai_voice_shared.settings.s3 import S3Settings

__all__ = ["S3Service"]

ModelT = TypeVar("ModelT", bound="BaseModel")


class S3Service:
    """One bucket, with everything a service does with it.

    Writes store the current correlation id in the object's metadata; reads verify checksums and resume after a broken
    connection; every failure is an `S3Error` with operation, bucket, key and request id. One instance serves all
    threads, and creating one costs nothing: settings and client are created on first use, the client once per process.

    Parameters
    ----------
    settings
        By default `S3Settings()`, from the environment.
    bucket_name
        Replaces the settings' bucket.
    client
        A boto3 S3 client to use instead of the process's own.
    tracer
        By default the process's (`get_tracer()`).

    Examples
    --------
    >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
    >>> s3 = InMemoryS3Service("voice-notes")           # in a function: S3Service()
    >>> stored = s3.upload_bytes("notes/a.ogg", b"OggS...", if_none_match="*")
    >>> s3.download_bytes("notes/a.ogg")
    b'OggS...'
    >>> [item.key for item in s3.iter_objects("notes/")]
    ['notes/a.ogg']
    >>> s3.upload_bytes("notes/a.ogg", b"again", if_none_match="*")
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.s3.S3PreconditionFailedError: PutObject on s3://voice-notes/notes/a.ogg: the condition does \
not hold (PreconditionFailed)
    """

    def __init__(
        self,
        settings: S3Settings | None = None,
        *,
        bucket_name: str | None = None,
        client: Any = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._session = S3Session(settings, bucket_name=bucket_name, client=client, tracer=tracer)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._session.known_bucket_name})"

    @property
    def settings(self) -> S3Settings:
        """The settings; from the environment unless the constructor received some."""
        return self._session.settings

    @property
    def bucket_name(self) -> str:
        """The bucket of all calls."""
        return self._session.bucket_name

    @property
    def client(self) -> Any:
        """The botocore client; the process's own unless the constructor received one."""
        return self._session.client

    def with_bucket(self, bucket_name: str) -> Self:
        """Return the same service for another bucket, with the same settings and client.

        Examples
        --------
        >>> from ai_voice_shared.services.s3_service import S3Service
        >>> S3Service(bucket_name="voice-notes").with_bucket("exports").bucket_name
        'exports'
        """
        other = copy.copy(self)
        other._session = self._session.with_bucket(bucket_name)  # noqa: SLF001 - a copy of self
        return other

    # Writing

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
            See `UploadOptions`: content type and headers, metadata, tags, storage class, checksum and conditions.

        Raises
        ------
        InvalidS3KeyError
            S3 would refuse the key, or it is unsafe. Nothing was written.
        TypeError
            An option does not exist. Nothing was written.
        S3PreconditionFailedError, S3ConflictError
            The condition does not hold, or another write was in progress. Nothing was written.
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
        return upload.upload_bytes(self._session, key, data, **options)

    def upload_file(self, key: str, path: str | os.PathLike[str], **options: Unpack[TransferOptions]) -> S3Upload:
        """Store a file; its content type is guessed from its name if the key's extension is unknown.

        Errors are those of `upload_bytes`.

        Parameters
        ----------
        key, path
            The object's key, and the file.
        **options
            Those of `upload_bytes` and, see `TransferOptions`, `max_bytes` and `on_progress`.

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
        return upload.upload_file(self._session, key, path, **options)

    def upload_fileobj(self, key: str, fileobj: BinaryIO, **options: Unpack[TransferOptions]) -> S3Upload:
        """Store the rest of an open binary file, from its current position; it stays open.

        Options and errors are those of `upload_file`.

        Parameters
        ----------
        fileobj
            Any object with `read`; it need not be seekable.

        Examples
        --------
        >>> import io
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3, file = InMemoryS3Service(), io.BytesIO(b"head and body")
        >>> _ = file.seek(9)
        >>> s3.upload_fileobj("body.txt", file).size, file.closed
        (4, False)
        """
        return upload.upload_fileobj(self._session, key, fileobj, **options)

    def upload_stream(self, key: str, chunks: Iterable[bytes], **options: Unpack[TransferOptions]) -> S3Upload:
        """Store an iterable of bytes of unknown length, in constant memory: 5 MiB and the current chunk.

        Whatever `chunks` raises reaches the caller, and then nothing is stored: a started multipart upload is
        aborted. Options and errors are those of `upload_file`.

        Parameters
        ----------
        chunks
            Chunks of any size.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> s3.upload_stream("notes/a.ogg", (b"OggS", b"..."), max_bytes=16 << 20).size
        7
        """
        return upload.upload_stream(self._session, key, chunks, **options)

    def put_model(self, key: str, model: BaseModel, **options: Unpack[UploadOptions]) -> S3Upload:
        """Store a pydantic model as JSON; `get_model` reads it. Options are those of `upload_bytes`.

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
        return upload.put_model(self._session, key, model, **options)

    # Reading

    def download_bytes(self, key: str, **options: Unpack[DownloadOptions]) -> bytes:
        """Read an object, or a part of it, into memory.

        Parameters
        ----------
        key
            The object's key.
        **options
            See `DownloadOptions`: a limit, a range, a version and conditions.

        Raises
        ------
        S3ObjectNotFoundError, S3NotModifiedError, S3PreconditionFailedError, S3InvalidRangeError
            The key does not exist, or a condition does not hold.
        TypeError
            An option does not exist.
        S3IntegrityError
            The bytes do not match their checksum or their length.
        S3TooLargeError
            More than `max_bytes`.
        S3Error
            Anything else; see `ai_voice_shared.errors`.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("a.txt", b"hello there")
        >>> s3.download_bytes("a.txt", max_bytes=1 << 20), s3.download_bytes("a.txt", byte_range=(6, None))
        (b'hello there', b'there')
        """
        from ai_voice_shared.services.s3 import download

        return download.download_bytes(self._session, key, **options)

    def download_file(self, key: str, path: str | os.PathLike[str], **options: Unpack[FileDownloadOptions]) -> int:
        """Write an object to a file, whole or not at all.

        It is written under a temporary name next to `path`, which is renamed once it is complete; on a failure nothing
        is left, and an existing file is untouched. Errors are those of `download_bytes`.

        Parameters
        ----------
        key, path
            The object's key, and the file.
        **options
            Those of `download_bytes` and, see `FileDownloadOptions`, `on_progress`.

        Returns
        -------
        int
            Bytes written.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("a.txt", b"hello")
        >>> with TemporaryDirectory() as folder:
        ...     s3.download_file("a.txt", Path(folder, "a.txt"))
        ...     Path(folder, "a.txt").read_bytes()
        5
        b'hello'
        """
        from ai_voice_shared.services.s3 import download

        return download.download_file(self._session, key, path, **options)

    def download_fileobj(self, key: str, fileobj: BinaryIO, **options: Unpack[FileDownloadOptions]) -> int:
        """Write an object to an open binary file, in constant memory; return the bytes written.

        Options and errors are those of `download_file`.

        Examples
        --------
        >>> import io
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3, file = InMemoryS3Service(), io.BytesIO()
        >>> _ = s3.upload_bytes("a.txt", b"hello")
        >>> s3.download_fileobj("a.txt", file), file.getvalue()
        (5, b'hello')
        """
        from ai_voice_shared.services.s3 import download

        return download.download_fileobj(self._session, key, fileobj, **options)

    def iter_chunks(
        self, key: str, *, chunk_size: int = 1 << 20, **options: Unpack[DownloadOptions]
    ) -> Iterator[bytes]:
        """Yield an object in chunks, in constant memory.

        After a broken connection it resumes with a ranged read from where it was, if the object is still the same (by
        its ETag); the checksum of the whole is still verified at the end. Options and errors are those of
        `download_bytes`.

        Parameters
        ----------
        chunk_size
            Bytes of a chunk.

        Raises
        ------
        S3IntegrityError
            The object was replaced while it was read, or its bytes do not match its checksum.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("a.txt", b"hello there")
        >>> list(s3.iter_chunks("a.txt", chunk_size=6))
        [b'hello ', b'there']
        """
        from ai_voice_shared.services.s3 import download

        return download.iter_chunks(self._session, key, chunk_size=chunk_size, **options)

    def get_model(self, key: str, model: type[ModelT], *, max_bytes: int = 1 << 20) -> ModelT:
        """Read an object as JSON into a pydantic model.

        Raises
        ------
        ValidationError
            The object is not such JSON; `details` names the invalid places, without their values.

        Examples
        --------
        >>> from ai_voice_shared import CustomerMetadata
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("customer.json", b'{"customer_id": "c-1"}')
        >>> s3.get_model("customer.json", CustomerMetadata)
        Traceback (most recent call last):
            ...
        ai_voice_shared.errors.requests.ValidationError: s3://in-memory/customer.json is not a CustomerMetadata
        """
        from ai_voice_shared.services.s3 import download

        return download.get_model(self._session, key, model, max_bytes=max_bytes)

    def open(self, key: str, *, version_id: str | None = None, buffer_size: int = 256 << 10) -> BufferedReader:
        r"""Open an object as a seekable binary file, read by ranges as needed.

        Parameters
        ----------
        key, version_id
            The object. It is pinned by its ETag: if it is replaced meanwhile, that is an error, never a mixture.
        buffer_size
            Bytes that are read at least with each request.

        Raises
        ------
        S3ObjectNotFoundError
            Immediately, not at the first read.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("a.txt", b"first line\nsecond line")
        >>> with s3.open("a.txt") as file:
        ...     _ = file.seek(6)
        ...     file.readline()
        b'line\n'
        """
        from ai_voice_shared.services.s3 import seekable

        return seekable.open_object(self._session, key, version_id, buffer_size)

    # Describing and listing

    def head_object(self, key: str, **conditions: Unpack[ReadConditions]) -> S3ObjectMetadata:
        """Describe an object.

        Parameters
        ----------
        key
            The object's key.
        **conditions
            See `ReadConditions`: a version and conditions.

        Raises
        ------
        S3ObjectNotFoundError
            It does not exist.
        S3BucketNotFoundError
            The bucket does not exist, as far as the role may know it (`s3:ListBucket`). HeadObject has no body that
            could tell, hence a request for the bucket when an object is not found for the first time.
        S3PreconditionFailedError, S3NotModifiedError
            The condition does not hold.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("notes/a.ogg", b"OggS...")
        >>> head = s3.head_object("notes/a.ogg")
        >>> head.size, head.content_type
        (7, 'audio/ogg')
        """
        from ai_voice_shared.services.s3 import listing

        return listing.head_object(self._session, key, **conditions)

    def object_exists(self, key: str) -> bool:
        """Return whether an object exists. An outage, a refusal or a missing bucket is an error, never False.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> InMemoryS3Service().object_exists("notes/a.ogg")
        False
        """
        from ai_voice_shared.services.s3 import listing

        return listing.object_exists(self._session, key)

    def list_objects(
        self,
        prefix: str = "",
        *,
        delimiter: str | None = None,
        max_keys: int = 1000,
        continuation_token: str | None = None,
        start_after: str | None = None,
    ) -> S3ListResponse:
        """List a page of objects, in the order of their keys (ListObjectsV2).

        Parameters
        ----------
        prefix
            The beginning of the keys.
        delimiter
            `"/"` lists the objects of this level and the `prefixes` of the next.
        max_keys
            Objects and prefixes of a page, 1000 at most.
        continuation_token
            `next_continuation_token` of the page before.
        start_after
            List only keys after this one.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> for key in ("notes/1/a.ogg", "notes/b.ogg", "notes/c.ogg"):
        ...     _ = s3.upload_bytes(key, b"OggS...")
        >>> page = s3.list_objects("notes/", delimiter="/", max_keys=2)
        >>> page.prefixes, [item.key for item in page.objects], page.is_truncated
        (('notes/1/',), ['notes/b.ogg'], True)
        >>> page = s3.list_objects("notes/", delimiter="/", continuation_token=page.next_continuation_token)
        >>> [item.key for item in page.objects]
        ['notes/c.ogg']
        """
        from ai_voice_shared.services.s3 import listing

        return listing.list_objects(
            self._session,
            Prefix=prefix,
            Delimiter=delimiter,
            MaxKeys=max_keys,
            ContinuationToken=continuation_token,
            StartAfter=start_after,
        )

    def iter_objects(
        self, prefix: str = "", *, start_after: str | None = None, limit: int | None = None
    ) -> Iterator[S3ObjectMetadata]:
        """Yield all objects whose keys begin with `prefix`, at most `limit`; pages are requested as needed.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("notes/a.ogg", b"OggS..."), s3.upload_bytes("notes/b.ogg", b"OggS...")
        >>> [(item.key, item.size) for item in s3.iter_objects("notes/", limit=1)]
        [('notes/a.ogg', 7)]
        """
        from ai_voice_shared.services.s3 import listing

        return listing.iter_objects(self._session, prefix, start_after=start_after, limit=limit)

    def iter_prefixes(self, prefix: str = "", *, delimiter: str = "/") -> Iterator[str]:
        """Yield the "folders" directly below `prefix`, with their slash at the end.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("notes/acme/a.ogg", b"OggS...")
        >>> list(s3.iter_prefixes("notes/"))
        ['notes/acme/']
        """
        from ai_voice_shared.services.s3 import listing

        return listing.iter_prefixes(self._session, prefix, delimiter=delimiter)

    def iter_versions(self, prefix: str = "") -> Iterator[S3ObjectMetadata]:
        """Yield all versions and delete markers of the objects below `prefix`, newest first for each key.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()  # stores one version of each, as a bucket without versioning does
        >>> _ = s3.upload_bytes("a.txt", b"hello")
        >>> [(item.key, item.version_id, item.is_latest) for item in s3.iter_versions()]
        [('a.txt', 'null', True)]
        """
        from ai_voice_shared.services.s3 import listing

        return listing.iter_versions(self._session, prefix)

    def get_tags(self, key: str, *, version_id: str | None = None) -> dict[str, str]:
        """Return an object's tags.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("a.txt", b"hello", tags={"kind": "note"})
        >>> s3.get_tags("a.txt")
        {'kind': 'note'}
        """
        from ai_voice_shared.services.s3 import listing

        return listing.get_tags(self._session, key, version_id=version_id)

    def put_tags(self, key: str, tags: Mapping[str, str]) -> None:
        """Replace an object's tags.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("a.txt", b"hello", tags={"kind": "note"})
        >>> s3.put_tags("a.txt", {"state": "read"})
        >>> s3.get_tags("a.txt")
        {'state': 'read'}
        """
        from ai_voice_shared.services.s3 import listing

        listing.put_tags(self._session, key, tags)

    # Copying and deleting

    def copy_object(self, source_key: str, key: str, **options: Unpack[CopyOptions]) -> S3Upload:
        """Copy an object inside S3; beyond 5 GiB as a multipart copy.

        A boto3 that is too old to have conditions on copies raises a `ValidationError`, with nothing written.

        Parameters
        ----------
        source_key, key
            The keys of the source and of the copy.
        **options
            Those of `upload_bytes`, but content type and headers, metadata and tags are the source's unless they are
            given, and, see `CopyOptions`, `source_bucket` and `source_version_id`.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("a.bin", b"OggS...", metadata={"origin": "test"})
        >>> _ = s3.copy_object("a.bin", "b.ogg", content_type="audio/ogg", if_none_match="*")
        >>> s3.head_object("b.ogg").content_type, s3.head_object("b.ogg").metadata
        ('audio/ogg', {'origin': 'test'})
        """
        from ai_voice_shared.services.s3 import copy_delete

        return copy_delete.copy_object(self._session, source_key, key, **options)

    def move_object(self, source_key: str, key: str, **options: Unpack[UploadOptions]) -> S3Upload:
        """Copy an object, then delete the source once the copy exists.

        S3 has no move: if the delete fails, both exist, and the error is the delete's. Nothing is lost. The
        options are those of `upload_bytes`, with the defaults of `copy_object`.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("inbox/a.ogg", b"OggS...")
        >>> s3.move_object("inbox/a.ogg", "done/a.ogg").size
        7
        >>> s3.object_exists("inbox/a.ogg")
        False
        """
        from ai_voice_shared.services.s3 import copy_delete

        return copy_delete.move_object(self._session, source_key, key, **options)

    def delete_object(self, key: str, *, version_id: str | None = None) -> None:
        """Delete an object; a missing one is not an error, as in S3.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> InMemoryS3Service().delete_object("not-there")
        """
        from ai_voice_shared.services.s3 import copy_delete

        copy_delete.delete_object(self._session, key, version_id=version_id)

    def delete_objects(self, keys: Iterable[str]) -> S3Deletion:
        """Delete any number of objects, a thousand with each request.

        Returns
        -------
        S3Deletion
            The keys that are gone, and for each other key its own error. A request that fails as a whole raises.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("a", b"1"), s3.upload_bytes("b", b"2")
        >>> s3.delete_objects(["a", "b"])
        S3Deletion(deleted=('a', 'b'), errors={})
        """
        from ai_voice_shared.services.s3 import copy_delete

        return copy_delete.delete_objects(self._session, keys)

    def delete_prefix(self, prefix: str, *, confirm: str) -> S3Deletion:
        """Delete all objects whose keys begin with `prefix`.

        Parameters
        ----------
        prefix
            Not empty: this method does not empty buckets.
        confirm
            The prefix again, so that a variable with another value than expected deletes nothing.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("tmp/a", b"1"), s3.upload_bytes("other", b"2")
        >>> s3.delete_prefix("tmp/", confirm="tmp/").deleted
        ('tmp/a',)
        """
        from ai_voice_shared.services.s3 import copy_delete

        return copy_delete.delete_prefix(self._session, prefix, confirm=confirm)

    # Presigning: none of these methods sends anything over the network.

    def presign_get(
        self,
        key: str,
        *,
        expires_in: int | None = None,
        version_id: str | None = None,
        response_content_type: str | None = None,
        response_content_disposition: str | None = None,
    ) -> PresignedRequest:
        """Create a request that allows anyone who has it to read an object.

        Parameters
        ----------
        key
            The object's key; whether it exists is not checked.
        expires_in
            Seconds; by default `S3Settings.presign_expires_in`, at most 7 days.
        version_id, response_content_type, response_content_disposition
            As in GetObject.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service("voice-notes")
        >>> request = s3.presign_get("notes/a.ogg", expires_in=300, response_content_disposition="attachment")
        >>> request.method, request.url
        ('GET', 'https://voice-notes.s3.us-east-1.amazonaws.com/notes/a.ogg?...')
        """
        from ai_voice_shared.services.s3 import presign

        return presign.presign_get(
            self._session,
            key,
            expires_in,
            VersionId=version_id,
            ResponseContentType=response_content_type,
            ResponseContentDisposition=response_content_disposition,
        )

    def presign_put(
        self,
        key: str,
        *,
        expires_in: int | None = None,
        content_type: str | None = None,
        content_length: int | None = None,
        checksum_sha256: str | None = None,
        if_none_match: str | None = None,
    ) -> PresignedRequest:
        """Create a request that allows anyone who has it to write an object.

        Type, length and checksum are signed where they are given: only such an object is accepted.

        Parameters
        ----------
        key, expires_in
            As in `presign_get`.
        content_type, content_length
            The type, and the length in bytes.
        checksum_sha256
            Base64 of the SHA-256 of the bytes.
        if_none_match
            `"*"`: only if the key is free.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service("voice-notes")
        >>> s3.presign_put("notes/a.ogg", content_type="audio/ogg", content_length=7).headers
        {'Content-Type': 'audio/ogg', 'Content-Length': '7'}
        """
        from ai_voice_shared.services.s3 import presign

        return presign.presign_put(
            self._session,
            key,
            expires_in,
            ContentType=content_type,
            ContentLength=content_length,
            ChecksumSHA256=checksum_sha256,
            IfNoneMatch=if_none_match,
        )

    def presign_post(
        self,
        key: str,
        *,
        expires_in: int | None = None,
        max_bytes: int,
        min_bytes: int = 1,
        content_type: str | None = None,
        prefix: bool = False,
    ) -> PresignedPost:
        """Create a form that allows a browser to post a file.

        Parameters
        ----------
        key
            The object's key or, with `prefix=True`, the beginning of its key; the file's name follows.
        expires_in
            As in `presign_get`.
        max_bytes, min_bytes
            The allowed sizes of the file.
        content_type
            The type; one that ends in `/` allows all that begin with it (`"audio/"`).

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> form = InMemoryS3Service("voice-notes").presign_post(
        ...     "notes/a.ogg", max_bytes=16 << 20, content_type="audio/ogg"
        ... )
        >>> form.url, form.fields["key"], form.fields["Content-Type"]
        ('https://voice-notes.s3.us-east-1.amazonaws.com/', 'notes/a.ogg', 'audio/ogg')
        """
        from ai_voice_shared.services.s3 import presign

        return presign.presign_post(
            self._session,
            key,
            expires_in,
            max_bytes=max_bytes,
            min_bytes=min_bytes,
            content_type=content_type,
            prefix=prefix,
        )

    def generate_presigned_url(self, key: str, *, method: str = "GET", expires_in: int | None = None) -> str:
        """Return only the URL of `presign_get` (or, with `method="PUT"`, of `presign_put`).

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> InMemoryS3Service("voice-notes").generate_presigned_url("a.ogg", expires_in=60)
        'https://voice-notes.s3.us-east-1.amazonaws.com/a.ogg?...'
        """
        from ai_voice_shared.services.s3 import presign

        return presign.generate_presigned_url(self._session, key, method=method, expires_in=expires_in)
