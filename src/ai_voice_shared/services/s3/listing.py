"""Looking at objects without reading them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ai_voice_shared import errors
from ai_voice_shared.observability.correlation import CORRELATION_METADATA_KEY
from ai_voice_shared.services.s3.base import S3Base, etag_of
from ai_voice_shared.services.s3.keys import S3Key
from ai_voice_shared.services.s3.metadata import decode_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ai_voice_shared.models.s3 import S3ListResponse, S3ObjectMetadata

__all__ = ["S3Listing"]


class S3Listing(S3Base):
    """The looking side of `S3Service`."""

    def head_object(
        self,
        key: str,
        *,
        version_id: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> S3ObjectMetadata:
        """Describe an object.

        Raises
        ------
        S3ObjectNotFoundError
            It does not exist.
        S3BucketNotFoundError
            The bucket does not exist, as far as the role may know it (`s3:ListBucket`). HeadObject has no body that
            would say so, hence the bucket is asked for once, when the first object is not found.
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
        from ai_voice_shared.models.s3 import S3ObjectMetadata

        parameters = {"VersionId": version_id, "IfMatch": if_match, "IfNoneMatch": if_none_match}
        try:
            with self._operation("HeadObject", key):
                answer = self.client.head_object(
                    Bucket=self.bucket_name,
                    Key=S3Key(key),
                    **{name: value for name, value in parameters.items() if value},
                )
        except errors.S3ObjectNotFoundError:
            self._check_bucket()
            raise
        metadata = decode_metadata(answer.get("Metadata", {}))
        return S3ObjectMetadata(
            key=key,
            size=answer["ContentLength"],
            etag=etag_of(answer),
            last_modified=answer.get("LastModified"),
            content_type=answer.get("ContentType"),
            content_encoding=answer.get("ContentEncoding"),
            content_disposition=answer.get("ContentDisposition"),
            cache_control=answer.get("CacheControl"),
            server_side_encryption=answer.get("ServerSideEncryption"),
            kms_key_id=answer.get("SSEKMSKeyId"),
            storage_class=answer.get("StorageClass", "STANDARD"),
            version_id=answer.get("VersionId"),
            metadata=metadata,
            correlation_id=metadata.get(CORRELATION_METADATA_KEY),
        )

    def object_exists(self, key: str) -> bool:
        """Say whether an object exists. An outage, a refusal or a missing bucket is an error, never False.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> InMemoryS3Service().object_exists("notes/a.ogg")
        False
        """
        try:
            self.head_object(key)
        except errors.S3ObjectNotFoundError:
            return False
        return True

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
            What the keys begin with.
        delimiter
            `"/"` gives the objects of this level and the `prefixes` of the next.
        max_keys
            Objects and prefixes of a page, 1000 at most.
        continuation_token
            `next_continuation_token` of the page before.
        start_after
            Give keys after this one only.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> for key in ("notes/1/a.ogg", "notes/b.ogg", "notes/c.ogg"):
        ...     _ = s3.upload_bytes(key, b"OggS...")
        >>> page = s3.list_objects("notes/", delimiter="/", max_keys=2)
        >>> page.prefixes, [one.key for one in page.objects], page.is_truncated
        (('notes/1/',), ['notes/b.ogg'], True)
        >>> page = s3.list_objects("notes/", delimiter="/", continuation_token=page.next_continuation_token)
        >>> [one.key for one in page.objects]
        ['notes/c.ogg']
        """
        from ai_voice_shared.models.s3 import S3ListResponse, S3ObjectMetadata

        parameters = {
            "Prefix": prefix,
            "Delimiter": delimiter,
            "ContinuationToken": continuation_token,
            "StartAfter": start_after,
        }
        with self._operation("ListObjectsV2"):
            answer = self.client.list_objects_v2(
                Bucket=self.bucket_name,
                MaxKeys=max_keys,
                **{name: value for name, value in parameters.items() if value},
            )
        return S3ListResponse(
            # An empty listing has no Contents at all.
            objects=tuple(S3ObjectMetadata.from_listing(entry) for entry in answer.get("Contents", ())),
            prefixes=tuple(entry["Prefix"] for entry in answer.get("CommonPrefixes", ())),
            is_truncated=answer.get("IsTruncated", False),
            next_continuation_token=answer.get("NextContinuationToken"),
        )

    def iter_objects(
        self, prefix: str = "", *, start_after: str | None = None, limit: int | None = None
    ) -> Iterator[S3ObjectMetadata]:
        """Give all objects whose keys begin with `prefix`, page after page as they are needed, at most `limit`.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("notes/a.ogg", b"OggS..."), s3.upload_bytes("notes/b.ogg", b"OggS...")
        >>> [(one.key, one.size) for one in s3.iter_objects("notes/", limit=1)]
        [('notes/a.ogg', 7)]
        """
        given = 0
        for page in self._pages(prefix, None, start_after):
            for one in page.objects:
                if limit is not None and given >= limit:
                    return
                yield one
                given += 1

    def iter_prefixes(self, prefix: str = "", *, delimiter: str = "/") -> Iterator[str]:
        """Give the "folders" right below `prefix`, with their slash at the end.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("notes/acme/a.ogg", b"OggS...")
        >>> list(s3.iter_prefixes("notes/"))
        ['notes/acme/']
        """
        for page in self._pages(prefix, delimiter, None):
            yield from page.prefixes

    def iter_versions(self, prefix: str = "") -> Iterator[S3ObjectMetadata]:
        """Give all versions and delete markers of the objects below `prefix`, newest first for each key.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()  # keeps one version of each, as a bucket without versioning does
        >>> _ = s3.upload_bytes("a.txt", b"hello")
        >>> [(one.key, one.version_id, one.is_latest) for one in s3.iter_versions()]
        [('a.txt', 'null', True)]
        """
        from ai_voice_shared.models.s3 import S3ObjectMetadata

        parameters: dict[str, Any] = {"Bucket": self.bucket_name, "Prefix": prefix}
        while True:
            with self._operation("ListObjectVersions"):
                answer = self.client.list_object_versions(**parameters)
            found = [S3ObjectMetadata.from_listing(entry) for entry in answer.get("Versions", ())]
            markers = answer.get("DeleteMarkers", ())
            found += [S3ObjectMetadata.from_listing(entry, delete_marker=True) for entry in markers]
            # S3 gives versions and markers apart; together they are in order by key, newest first.
            found.sort(key=lambda one: one.last_modified.timestamp() if one.last_modified else 0, reverse=True)
            yield from sorted(found, key=lambda one: one.key)
            if not answer.get("IsTruncated"):
                return
            parameters |= {"KeyMarker": answer["NextKeyMarker"], "VersionIdMarker": answer["NextVersionIdMarker"]}

    def get_tags(self, key: str, *, version_id: str | None = None) -> dict[str, str]:
        """Read an object's tags.

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> s3 = InMemoryS3Service()
        >>> _ = s3.upload_bytes("a.txt", b"hello", tags={"kind": "note"})
        >>> s3.get_tags("a.txt")
        {'kind': 'note'}
        """
        more = {"VersionId": version_id} if version_id else {}
        with self._operation("GetObjectTagging", key):
            answer = self.client.get_object_tagging(Bucket=self.bucket_name, Key=S3Key(key), **more)
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

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
        tag_set = [{"Key": name, "Value": value} for name, value in tags.items()]
        with self._operation("PutObjectTagging", key):
            self.client.put_object_tagging(Bucket=self.bucket_name, Key=S3Key(key), Tagging={"TagSet": tag_set})

    def _check_bucket(self) -> None:
        if self._bucket_was_seen:
            return
        try:
            with self._operation("HeadBucket"):
                self.client.head_bucket(Bucket=self.bucket_name)
        except errors.S3NotFoundError as error:
            raise errors.S3BucketNotFoundError(operation="HeadBucket", bucket=self.bucket_name) from error
        except errors.S3AccessDeniedError:
            pass  # the role may not look, so nothing more is known
        self._bucket_was_seen = True

    def _pages(self, prefix: str, delimiter: str | None, start_after: str | None) -> Iterator[S3ListResponse]:
        token = None
        while True:
            page = self.list_objects(
                prefix, delimiter=delimiter, continuation_token=token, start_after=None if token else start_after
            )
            yield page
            token = page.next_continuation_token
            if not page.is_truncated or token is None:
                return
