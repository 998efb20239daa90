"""Models of S3 objects and listings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["S3ListResponse", "S3ObjectMetadata"]


class S3ObjectMetadata(BaseModel):
    """The metadata of an object, as returned by `HeadObject` and `ListObjectsV2`.

    A listing has key, size, ETag, time and storage class; only `head_object` has the rest.

    Examples
    --------
    >>> S3ObjectMetadata(key="notes/a.ogg", size=3).size
    3
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str
    size: int = Field(ge=0, description="Bytes.")
    etag: str | None = Field(default=None, description="Without its quotation marks.")
    last_modified: datetime | None = None
    content_type: str | None = None
    content_encoding: str | None = None
    content_disposition: str | None = None
    cache_control: str | None = None
    server_side_encryption: str | None = Field(default=None, description='"AES256" or "aws:kms".')
    kms_key_id: str | None = None
    storage_class: str | None = None
    version_id: str | None = None
    is_latest: bool | None = Field(default=None, description="In a listing of versions.")
    is_delete_marker: bool = False
    metadata: dict[str, str] = Field(default_factory=dict, description="User metadata, decoded.", repr=False)
    correlation_id: str | None = None

    @classmethod
    def from_listing(cls, entry: dict[str, Any], *, delete_marker: bool = False) -> S3ObjectMetadata:
        """Create the metadata from an entry of `Contents`, `Versions` or `DeleteMarkers`."""
        return cls(
            key=entry["Key"],
            size=entry.get("Size", 0),
            etag=unquoted(entry.get("ETag")),
            last_modified=entry.get("LastModified"),
            storage_class=entry.get("StorageClass"),
            version_id=entry.get("VersionId"),
            is_latest=entry.get("IsLatest"),
            is_delete_marker=delete_marker,
        )


class S3ListResponse(BaseModel):
    """A page of a listing.

    Examples
    --------
    >>> page = S3ListResponse(objects=(S3ObjectMetadata(key="a", size=1),), is_truncated=False)
    >>> [item.key for item in page.objects], page.next_continuation_token
    (['a'], None)
    """

    model_config = ConfigDict(frozen=True)

    objects: tuple[S3ObjectMetadata, ...] = ()
    prefixes: tuple[str, ...] = Field(default=(), description="The common prefixes of a listing with a delimiter.")
    is_truncated: bool = False
    next_continuation_token: str | None = Field(default=None, description="The token to request the next page.")

    @property
    def key_count(self) -> int:
        """The number of objects of the page."""
        return len(self.objects)


def unquoted(etag: str | None) -> str | None:
    """Return an ETag without its quotation marks."""
    return etag.strip('"') if etag else None
