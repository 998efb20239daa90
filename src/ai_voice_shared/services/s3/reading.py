"""Reading objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, TypeVar, Unpack

from ai_voice_shared import errors
from ai_voice_shared.services.s3.fetching import CHUNK_SIZE, Progress, ReadOptions, S3Fetching, broken_body
from ai_voice_shared.services.s3.listing import S3Listing

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator
    from io import BufferedReader

    from pydantic import BaseModel

__all__ = ["CHUNK_SIZE", "ReadOptions", "S3Reading"]

ModelT = TypeVar("ModelT", bound="BaseModel")


class S3Reading(S3Fetching, S3Listing):
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

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("a.txt", b"hello world")
        >>> s3.download_bytes("a.txt", max_bytes=1 << 20), s3.download_bytes("a.txt", byte_range=(6, None))
        (b'hello world', b'world')
        """
        with self._operation("GetObject", key):
            answer = self._get(key, options)
            length: int = answer["ContentLength"]
            body = answer["Body"]
            if max_bytes is not None and length > max_bytes:
                body.close()
                raise self._too_large("GetObject", key, f"{length} bytes, more than the limit of {max_bytes}")
            try:
                # In one read, which makes no copies; what a broken one brought is lost, and it begins anew.
                content: bytes = body.read()
            except broken_body() as error:
                content = b"".join(self._resumed(key, answer, options, Progress(), CHUNK_SIZE, error))
            finally:
                body.close()
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
        import secrets
        from pathlib import Path

        target = Path(path)
        # Not by tempfile: its files are nobody else's, and to ask for the umask is to change it for all threads.
        scratch = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with scratch.open("xb") as file:
                written = self.download_fileobj(key, file, max_bytes=max_bytes, on_progress=on_progress, **options)
            scratch.replace(target)
        except BaseException:
            scratch.unlink(missing_ok=True)
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
        """Write an object into an open binary file, in constant memory; gives the bytes written.

        Examples
        --------
        >>> import io
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3, file = InMemoryS3Service(), io.BytesIO()
        >>> _ = s3.upload_bytes("a.txt", b"hello")
        >>> s3.download_fileobj("a.txt", file), file.getvalue()
        (5, b'hello')
        """
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

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("a.txt", b"hello world")
        >>> list(s3.iter_chunks("a.txt", chunk_size=6))
        [b'hello ', b'world']
        """
        with self._operation("GetObject", key):
            answer = self._get(key, options)
            length: int = answer["ContentLength"]
            if max_bytes is not None and length > max_bytes:
                answer["Body"].close()
                raise self._too_large("GetObject", key, f"{length} bytes, more than the limit of {max_bytes}")
            yield from self._chunks(key, answer, options, chunk_size)
        self._done("downloaded", key, bytes=length)

    def get_model(self, key: str, model: type[ModelT], *, max_bytes: int = 1 << 20) -> ModelT:
        """Read an object as JSON into a pydantic model.

        Raises
        ------
        ValidationError
            The object is not such JSON; `details` names the places, without their values.

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
        from pydantic import ValidationError as PydanticValidationError

        content = self.download_bytes(key, max_bytes=max_bytes)
        try:
            return model.model_validate_json(content)
        except PydanticValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            details = [{"location": list(one["loc"]), "message": one["msg"]} for one in found]
            msg = f"s3://{self.bucket_name}/{key} is not a {model.__name__}"
            raise errors.ValidationError(msg, details=details) from None

    def open(self, key: str, *, version_id: str | None = None, buffer_size: int = 256 << 10) -> BufferedReader:
        r"""Open an object as a seekable binary file, read by ranges as it is needed.

        Parameters
        ----------
        key, version_id
            Which object. It is pinned by its ETag: one that is replaced meanwhile is an error, never a mixture.
        buffer_size
            Bytes that are read at least with each request.

        Raises
        ------
        S3ObjectNotFoundError
            At once, not at the first read.

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
        from io import BufferedReader

        from ai_voice_shared.services.s3.seekable import S3RawReader

        return BufferedReader(S3RawReader(self, self.head_object(key, version_id=version_id)), buffer_size)
