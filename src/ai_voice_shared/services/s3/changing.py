"""Copying, moving and deleting objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Unpack
from urllib.parse import urlencode

from ai_voice_shared import errors
from ai_voice_shared.services.s3.base import etag_of
from ai_voice_shared.services.s3.keys import S3Key
from ai_voice_shared.services.s3.listing import S3Listing
from ai_voice_shared.services.s3.metadata import WRITE_ID_METADATA_KEY
from ai_voice_shared.services.s3.writing import S3Upload, S3Writing, UploadOptions, conditions_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["S3Changing", "S3Deletion"]

_DELETE_BATCH = 1000
_HEADERS = {
    "content_type": "ContentType",
    "content_disposition": "ContentDisposition",
    "content_encoding": "ContentEncoding",
    "cache_control": "CacheControl",
}
_REPLACING = {"metadata", *_HEADERS}
_COPY_LIMIT = 5 * 1024**3
_COPY_PART = 512 << 20


class S3Deletion(NamedTuple):
    """What became of the keys of `delete_objects`: those that are gone, and the error of each that is not."""

    deleted: tuple[str, ...]
    errors: dict[str, errors.S3Error]


class S3Changing(S3Listing, S3Writing):
    """The changing side of `S3Service`."""

    def copy_object(
        self,
        source_key: str,
        key: str,
        *,
        source_bucket: str | None = None,
        source_version_id: str | None = None,
        **options: Unpack[UploadOptions],
    ) -> S3Upload:
        """Copy an object inside S3; beyond 5 GiB in parts.

        Parameters
        ----------
        source_key, source_bucket, source_version_id
            What is copied; by default from the same bucket, its newest version.
        key
            Where to.
        **options
            As in `upload_bytes`. Metadata, content type and tags are the source's unless they are given here. A boto3
            that is too old to know conditions on copies is a `ValidationError`, with nothing written.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("a.bin", b"OggS...", metadata={"origin": "test"})
        >>> _ = s3.copy_object("a.bin", "b.ogg", content_type="audio/ogg", if_none_match="*")
        >>> s3.head_object("b.ogg").content_type, s3.head_object("b.ogg").metadata
        ('audio/ogg', {'origin': 'test'})
        """
        source: dict[str, str] = {"Bucket": source_bucket or self.bucket_name, "Key": S3Key(source_key)}
        if source_version_id:
            source["VersionId"] = source_version_id
        with self._operation("HeadObject", source_key):
            head = self.client.head_object(**source)
        if head["ContentLength"] > _COPY_LIMIT:
            return self._copy_in_parts(source, head, key, options)
        parameters = self._object_parameters(key, options)
        if _REPLACING & options.keys():
            parameters |= _carried_over(head, options)
            parameters["MetadataDirective"] = "REPLACE"
        else:
            # S3 ignores these where it copies the source's own.
            parameters.pop("Metadata", None)
            parameters.pop("ContentType")
        if "tags" in options:
            parameters["TaggingDirective"] = "REPLACE"
        with self._operation("CopyObject", key):
            # The source must still be what was looked at.
            answer = self.client.copy_object(
                CopySource=source, CopySourceIfMatch=head["ETag"], **parameters, **conditions_of(options)
            )
        self._done("copied", key, source_key=source_key)
        return S3Upload(key, etag_of(answer["CopyObjectResult"]), answer.get("VersionId"), head["ContentLength"])

    def move_object(self, source_key: str, key: str, **options: Unpack[UploadOptions]) -> S3Upload:
        """Copy an object and delete the source once the copy is there.

        S3 has no move: where the delete fails, both exist, and the error says so. Nothing is lost.

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
        if source_key == key:
            raise errors.ValidationError("an object cannot be moved onto itself")
        copied = self.copy_object(source_key, key, **options)
        self.delete_object(source_key)
        return copied

    def delete_object(self, key: str, *, version_id: str | None = None) -> None:
        """Delete an object; one that is not there is no error, as in S3.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> InMemoryS3Service().delete_object("not-there")
        """
        more = {"VersionId": version_id} if version_id else {}
        with self._operation("DeleteObject", key):
            self.client.delete_object(Bucket=self.bucket_name, Key=S3Key(key), **more)
        self._done("deleted", key)

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
        deleted: list[str] = []
        failed: dict[str, errors.S3Error] = {}
        for batch in _batches(keys, _DELETE_BATCH):
            objects = [{"Key": S3Key(key)} for key in batch]
            with self._operation("DeleteObjects", None, keys=len(batch)):
                answer = self.client.delete_objects(Bucket=self.bucket_name, Delete={"Objects": objects})
            deleted += [entry["Key"] for entry in answer.get("Deleted", ())]
            for entry in answer.get("Errors", ()):
                failed[entry["Key"]] = self._deletion_error(entry)
        self._done("deleted objects", None, deleted=len(deleted), failed=len(failed))
        return S3Deletion(tuple(deleted), failed)

    def delete_prefix(self, prefix: str, *, confirm: str) -> S3Deletion:
        """Delete all objects whose keys begin with `prefix`.

        Parameters
        ----------
        prefix
            Not empty: emptying a bucket is not this method's work.
        confirm
            The prefix once more, so that nobody deletes by a variable that holds something else than they think.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("tmp/a", b"1"), s3.upload_bytes("kept", b"2")
        >>> s3.delete_prefix("tmp/", confirm="tmp/").deleted
        ('tmp/a',)
        """
        if not prefix or prefix != confirm:
            raise errors.ValidationError("delete_prefix wants a prefix that is not empty, and the same in confirm=")
        return self.delete_objects(one.key for one in self.iter_objects(prefix))

    def _copy_in_parts(
        self, source: dict[str, str], head: dict[str, Any], key: str, options: UploadOptions
    ) -> S3Upload:
        parameters = self._object_parameters(key, options) | _carried_over(head, options)
        if "tags" not in options:
            with self._operation("GetObjectTagging", source["Key"]):
                tags = self.client.get_object_tagging(**source)["TagSet"]
            if tags:
                parameters["Tagging"] = urlencode({tag["Key"]: tag["Value"] for tag in tags})
        size: int = head["ContentLength"]
        with self._operation("CreateMultipartUpload", key):
            upload_id = self.client.create_multipart_upload(**parameters)["UploadId"]
        place = {"Bucket": self.bucket_name, "Key": parameters["Key"], "UploadId": upload_id}
        try:
            parts = []
            for number, first in enumerate(range(0, size, _COPY_PART), start=1):
                last = min(first + _COPY_PART, size) - 1
                with self._operation("UploadPartCopy", key, part=number):
                    answer = self.client.upload_part_copy(
                        **place,
                        PartNumber=number,
                        CopySource=source,
                        CopySourceIfMatch=head["ETag"],
                        CopySourceRange=f"bytes={first}-{last}",
                    )
                parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
            with self._operation("CompleteMultipartUpload", key, parts=len(parts)):
                answer = self.client.complete_multipart_upload(
                    **place, MultipartUpload={"Parts": parts}, **conditions_of(options)
                )
        except BaseException:
            self._abort(place)
            raise
        return self._stored(key, answer, size)

    def _deletion_error(self, entry: dict[str, Any]) -> errors.S3Error:
        from ai_voice_shared.services.s3.errors import error_for_code

        return error_for_code(
            entry.get("Code", ""), operation="DeleteObjects", bucket=self.bucket_name, key=entry["Key"]
        )


def _carried_over(head: Mapping[str, Any], options: UploadOptions) -> dict[str, Any]:
    """Give what was said of the source and is not said anew."""
    kept = {
        parameter: head[parameter] for name, parameter in _HEADERS.items() if name not in options and parameter in head
    }
    if "metadata" not in options:
        # As it is, in S3's own encoding, but without the mark of the write that made the source.
        metadata = {name: value for name, value in head.get("Metadata", {}).items() if name != WRITE_ID_METADATA_KEY}
        kept["Metadata"] = metadata
    return kept


def _batches(keys: Iterable[str], size: int) -> Iterator[list[str]]:
    batch: list[str] = []
    for key in keys:
        batch.append(key)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
