"""Describing and listing objects, and their tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ai_voice_shared import errors
from ai_voice_shared.observability.correlation import CORRELATION_METADATA_KEY
from ai_voice_shared.services.s3.keys import S3Key, decode_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ai_voice_shared.models.s3 import S3ListResponse, S3ObjectMetadata
    from ai_voice_shared.services.s3.session import S3Session

__all__ = [
    "get_tags",
    "head_object",
    "iter_objects",
    "iter_prefixes",
    "iter_versions",
    "list_objects",
    "object_exists",
    "put_tags",
]


def head_object(
    session: S3Session,
    key: str,
    *,
    version_id: str | None = None,
    if_match: str | None = None,
    if_none_match: str | None = None,
) -> S3ObjectMetadata:
    """Describe an object."""
    from ai_voice_shared.models.s3 import S3ObjectMetadata, unquoted

    try:
        response = session.send(
            "HeadObject",
            Key=S3Key(key),
            VersionId=version_id or None,
            IfMatch=if_match or None,
            IfNoneMatch=if_none_match or None,
        )
    except errors.S3ObjectNotFoundError:
        _check_bucket(session)
        raise
    metadata = decode_metadata(response.get("Metadata", {}))
    return S3ObjectMetadata(
        key=key,
        size=response["ContentLength"],
        etag=unquoted(response.get("ETag")),
        last_modified=response.get("LastModified"),
        content_type=response.get("ContentType"),
        content_encoding=response.get("ContentEncoding"),
        content_disposition=response.get("ContentDisposition"),
        cache_control=response.get("CacheControl"),
        server_side_encryption=response.get("ServerSideEncryption"),
        kms_key_id=response.get("SSEKMSKeyId"),
        storage_class=response.get("StorageClass", "STANDARD"),
        version_id=response.get("VersionId"),
        metadata=metadata,
        correlation_id=metadata.get(CORRELATION_METADATA_KEY),
    )


def object_exists(session: S3Session, key: str) -> bool:
    """Return whether an object exists."""
    try:
        head_object(session, key)
    except errors.S3ObjectNotFoundError:
        return False
    return True


def list_objects(
    session: S3Session,
    prefix: str = "",
    *,
    delimiter: str | None = None,
    max_keys: int = 1000,
    continuation_token: str | None = None,
    start_after: str | None = None,
) -> S3ListResponse:
    """List a page of objects."""
    from ai_voice_shared.models.s3 import S3ListResponse, S3ObjectMetadata

    response = session.send(
        "ListObjectsV2",
        MaxKeys=max_keys,
        Prefix=prefix or None,
        Delimiter=delimiter or None,
        ContinuationToken=continuation_token or None,
        StartAfter=start_after or None,
    )
    return S3ListResponse(
        # An empty listing has no Contents at all.
        objects=tuple(S3ObjectMetadata.from_listing(entry) for entry in response.get("Contents", ())),
        prefixes=tuple(entry["Prefix"] for entry in response.get("CommonPrefixes", ())),
        is_truncated=response.get("IsTruncated", False),
        next_continuation_token=response.get("NextContinuationToken"),
    )


def iter_objects(
    session: S3Session, prefix: str = "", *, start_after: str | None = None, limit: int | None = None
) -> Iterator[S3ObjectMetadata]:
    """Yield all objects whose keys begin with `prefix`, at most `limit`."""
    count = 0
    for page in _iter_pages(session, prefix, start_after=start_after):
        for item in page.objects:
            if limit is not None and count >= limit:
                return
            yield item
            count += 1


def iter_prefixes(session: S3Session, prefix: str = "", *, delimiter: str = "/") -> Iterator[str]:
    """Yield the "folders" directly below `prefix`."""
    for page in _iter_pages(session, prefix, delimiter=delimiter):
        yield from page.prefixes


def iter_versions(session: S3Session, prefix: str = "") -> Iterator[S3ObjectMetadata]:
    """Yield all versions and delete markers of the objects below `prefix`."""
    from ai_voice_shared.models.s3 import S3ObjectMetadata

    start: dict[str, Any] = {}
    while True:
        response = session.send("ListObjectVersions", Prefix=prefix, **start)
        found = [S3ObjectMetadata.from_listing(entry) for entry in response.get("Versions", ())]
        markers = response.get("DeleteMarkers", ())
        found += [S3ObjectMetadata.from_listing(entry, delete_marker=True) for entry in markers]
        # S3 lists versions and markers apart; together they are in order by key, newest first.
        found.sort(key=lambda item: item.last_modified.timestamp() if item.last_modified else 0, reverse=True)
        yield from sorted(found, key=lambda item: item.key)
        if not response.get("IsTruncated"):
            return
        start = {"KeyMarker": response["NextKeyMarker"], "VersionIdMarker": response["NextVersionIdMarker"]}


def get_tags(session: S3Session, key: str, *, version_id: str | None = None) -> dict[str, str]:
    """Return an object's tags."""
    response = session.send("GetObjectTagging", Key=S3Key(key), VersionId=version_id or None)
    return {tag["Key"]: tag["Value"] for tag in response["TagSet"]}


def put_tags(session: S3Session, key: str, tags: Mapping[str, str]) -> None:
    """Replace an object's tags."""
    tag_set = [{"Key": name, "Value": value} for name, value in tags.items()]
    session.send("PutObjectTagging", Key=S3Key(key), Tagging={"TagSet": tag_set})


def _check_bucket(session: S3Session) -> None:
    if session.bucket_seen:
        return
    try:
        session.send("HeadBucket")
    except errors.S3NotFoundError as error:
        raise errors.S3BucketNotFoundError(operation="HeadBucket", bucket=session.bucket_name) from error
    except errors.S3AccessDeniedError:
        pass  # the role may not look, so nothing more is known
    session.bucket_seen = True


def _iter_pages(
    session: S3Session, prefix: str, *, delimiter: str | None = None, start_after: str | None = None
) -> Iterator[S3ListResponse]:
    token = None
    while True:
        page = list_objects(
            session,
            prefix,
            delimiter=delimiter,
            continuation_token=token,
            start_after=None if token else start_after,
        )
        yield page
        token = page.next_continuation_token
        if not page.is_truncated or token is None:
            return
