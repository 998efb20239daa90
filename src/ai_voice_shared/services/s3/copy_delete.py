"""Copying, moving and deleting objects."""

from __future__ import annotations

import logging
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from ai_voice_shared import errors
from ai_voice_shared.services.s3.keys import WRITE_ID_METADATA_KEY, S3Key, validate_options
from ai_voice_shared.services.s3.listing import iter_objects
from ai_voice_shared.services.s3.upload import (
    HEADERS,
    S3Upload,
    UploadOptions,
    object_parameters,
    parse_etag,
    pop_conditions,
    upload_result,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ai_voice_shared.services.s3.session import S3Session

__all__ = [
    "CopyOptions",
    "S3Deletion",
    "copy_object",
    "delete_object",
    "delete_objects",
    "delete_prefix",
    "move_object",
]

_DELETE_BATCH = 1000
_COPY_LIMIT = 5 * 1024**3
_COPY_PART = 512 << 20
_REPLACING = {"metadata", *HEADERS}
_log = logging.getLogger(__name__)


class S3Deletion(NamedTuple):
    """The result of `delete_objects`: the keys that are gone, and the error of each other key."""

    deleted: tuple[str, ...]
    errors: dict[str, errors.S3Error]


class CopyOptions(UploadOptions, total=False):
    """The options of `S3Service.copy_object`; headers, metadata and tags are the source's unless they are given.

    Parameters
    ----------
    source_bucket
        By default the bucket of the copy.
    source_version_id
        By default the newest version.

    Examples
    --------
    >>> options: CopyOptions = {"source_bucket": "voice-notes", "if_none_match": "*"}
    """

    source_bucket: str | None
    source_version_id: str | None


def copy_object(session: S3Session, source_key: str, key: str, **options: Unpack[CopyOptions]) -> S3Upload:
    """Copy an object inside S3."""
    bucket, version = options.pop("source_bucket", None), options.pop("source_version_id", None)
    source: dict[str, str] = {"Bucket": bucket or session.bucket_name, "Key": S3Key(source_key)}
    if version:
        source["VersionId"] = version
    parameters = object_parameters(session, key, options)  # bad input fails before anything is sent
    given = validate_options(options, UploadOptions)
    head = session.send("HeadObject", **source)
    if head["ContentLength"] > _COPY_LIMIT:
        return _multipart_copy(session, source, head, parameters, given)
    if given.keys() & _REPLACING:
        parameters |= _inherited_attributes(head, given)
        parameters["MetadataDirective"] = "REPLACE"
    else:
        # S3 ignores these if it copies the source's own.
        parameters.pop("Metadata", None)
        parameters.pop("ContentType")
    if "tags" in given:
        parameters["TaggingDirective"] = "REPLACE"
    # The source must still be what was looked at.
    response = session.send("CopyObject", CopySource=source, CopySourceIfMatch=head["ETag"], **parameters)
    _log.debug("copied", extra={"bucket": session.bucket_name, "key": key, "source_key": source_key})
    return S3Upload(key, parse_etag(response["CopyObjectResult"]), response.get("VersionId"), head["ContentLength"])


def move_object(session: S3Session, source_key: str, key: str, **options: Unpack[UploadOptions]) -> S3Upload:
    """Copy an object, then delete the source."""
    # Not those of a copy: what is deleted is the newest version in this bucket.
    validate_options(options, UploadOptions)
    if source_key == key:
        raise errors.ValidationError("an object cannot be moved onto itself")
    copied = copy_object(session, source_key, key, **options)
    delete_object(session, source_key)
    return copied


def delete_object(session: S3Session, key: str, *, version_id: str | None = None) -> None:
    """Delete an object."""
    session.send("DeleteObject", Key=S3Key(key), VersionId=version_id or None)
    _log.debug("deleted", extra={"bucket": session.bucket_name, "key": key})


def delete_objects(session: S3Session, keys: Iterable[str]) -> S3Deletion:
    """Delete any number of objects."""
    deleted: list[str] = []
    failed: dict[str, errors.S3Error] = {}
    remaining = iter(keys)
    while batch := [{"Key": S3Key(key)} for key in islice(remaining, _DELETE_BATCH)]:
        response = session.send("DeleteObjects", {"keys": len(batch)}, Delete={"Objects": batch})
        deleted += [entry["Key"] for entry in response.get("Deleted", ())]
        for entry in response.get("Errors", ()):
            failed[entry["Key"]] = _deletion_error(session, entry)
    extra = {"bucket": session.bucket_name, "key": None, "deleted": len(deleted), "failed": len(failed)}
    _log.debug("deleted objects", extra=extra)
    return S3Deletion(tuple(deleted), failed)


def delete_prefix(session: S3Session, prefix: str, *, confirm: str) -> S3Deletion:
    """Delete all objects whose keys begin with `prefix`."""
    if not prefix or prefix != confirm:
        raise errors.ValidationError("delete_prefix requires a prefix that is not empty, and the same in confirm=")
    return delete_objects(session, (item.key for item in iter_objects(session, prefix)))


def _multipart_copy(
    session: S3Session,
    source: dict[str, str],
    head: dict[str, Any],
    parameters: dict[str, Any],
    given: Mapping[str, Any],
) -> S3Upload:
    from ai_voice_shared.services.s3.multipart import MultipartUpload

    conditions = pop_conditions(parameters)
    parameters |= _inherited_attributes(head, given)
    if "tags" not in given and (tags := session.send("GetObjectTagging", **source)["TagSet"]):
        from urllib.parse import urlencode

        parameters["Tagging"] = urlencode({tag["Key"]: tag["Value"] for tag in tags})
    size: int = head["ContentLength"]
    with MultipartUpload(session, parameters) as upload:
        for first in range(0, size, _COPY_PART):
            upload.copy_part(source, head["ETag"], first, min(first + _COPY_PART, size) - 1)
        completion = upload.completion_parameters() | conditions
        annotations = {"parts": len(completion["MultipartUpload"]["Parts"])}
        response = session.send("CompleteMultipartUpload", annotations, **completion)
    return upload_result(session, parameters["Key"], response, size)


def _deletion_error(session: S3Session, entry: dict[str, Any]) -> errors.S3Error:
    from ai_voice_shared.services.s3.errors import map_error_code

    return map_error_code(
        entry.get("Code", ""), operation="DeleteObjects", bucket=session.bucket_name, key=entry["Key"]
    )


def _inherited_attributes(head: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the source's attributes that the options do not replace."""
    inherited = {
        parameter: head[parameter] for name, parameter in HEADERS.items() if name not in given and parameter in head
    }
    if "metadata" not in given:
        # As it is, in S3's own encoding, but without the token of the write that created the source.
        metadata = {name: value for name, value in head.get("Metadata", {}).items() if name != WRITE_ID_METADATA_KEY}
        inherited["Metadata"] = metadata
    return inherited
