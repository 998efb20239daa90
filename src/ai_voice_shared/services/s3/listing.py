"""Describing and listing objects, and their tags."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Unpack

from ai_voice_shared import errors
from ai_voice_shared.observability.correlation import CORRELATION_METADATA_KEY
from ai_voice_shared.services.s3.download import ReadConditions, read_parameters
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

_TOKENS = ("ContinuationToken", "KeyMarker", "VersionIdMarker")


def head_object(session: S3Session, key: str, **conditions: Unpack[ReadConditions]) -> S3ObjectMetadata:
    """Describe an object."""
    from ai_voice_shared.models.s3 import S3ObjectMetadata, unquoted

    parameters = read_parameters(session, key, conditions, ReadConditions)
    try:
        response = session.send("HeadObject", **parameters)
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


def list_objects(session: S3Session, **parameters: Any) -> S3ListResponse:
    """List a page of objects; the parameters are those of ListObjectsV2."""
    from ai_voice_shared.models.s3 import S3ListResponse, S3ObjectMetadata

    response = session.send("ListObjectsV2", **_drop_empty(parameters))
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
    from ai_voice_shared.models.s3 import S3ObjectMetadata

    pages = _iter_pages(session, "ListObjectsV2", Prefix=prefix, StartAfter=start_after)
    entries = (entry for page in pages for entry in page.get("Contents", ()))
    return map(S3ObjectMetadata.from_listing, islice(entries, limit))


def iter_prefixes(session: S3Session, prefix: str = "", *, delimiter: str = "/") -> Iterator[str]:
    """Yield the "folders" directly below `prefix`."""
    for page in _iter_pages(session, "ListObjectsV2", Prefix=prefix, Delimiter=delimiter):
        yield from (entry["Prefix"] for entry in page.get("CommonPrefixes", ()))


def iter_versions(session: S3Session, prefix: str = "") -> Iterator[S3ObjectMetadata]:
    """Yield all versions and delete markers of the objects below `prefix`."""
    from ai_voice_shared.models.s3 import S3ObjectMetadata

    for page in _iter_pages(session, "ListObjectVersions", Prefix=prefix):
        found = [S3ObjectMetadata.from_listing(entry) for entry in page.get("Versions", ())]
        markers = page.get("DeleteMarkers", ())
        found += [S3ObjectMetadata.from_listing(entry, delete_marker=True) for entry in markers]
        # S3 lists versions and markers apart; together they are in order by key, newest first.
        found.sort(key=lambda item: item.last_modified.timestamp() if item.last_modified else 0, reverse=True)
        yield from sorted(found, key=lambda item: item.key)


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


def _iter_pages(session: S3Session, operation: str, **parameters: str | None) -> Iterator[dict[str, Any]]:
    """Yield the responses to one listing, each requested when it is needed.

    botocore's paginators send the requests themselves: all of them would be one span, open while the caller works.
    """
    while True:
        page = session.send(operation, **_drop_empty(parameters))
        yield page
        following = {name: page[f"Next{name}"] for name in _TOKENS if f"Next{name}" in page}
        if not (page.get("IsTruncated") and following):
            return
        parameters |= following


def _drop_empty(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value != ""}
