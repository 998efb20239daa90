"""The models of S3 objects and listings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from ai_voice_shared.models import S3ListResponse, S3ObjectMetadata

pytestmark = pytest.mark.unit


def test_an_entry_of_a_listing_is_parsed() -> None:
    """A listing's entry yields key, size, ETag without quotation marks, time and storage class."""
    when = datetime(2026, 11, 21, tzinfo=UTC)
    parsed = S3ObjectMetadata.from_listing(
        {"Key": "a", "Size": 3, "ETag": '"abc"', "LastModified": when, "StorageClass": "STANDARD_IA", "Owner": {}}
    )
    assert parsed == S3ObjectMetadata(key="a", size=3, etag="abc", last_modified=when, storage_class="STANDARD_IA")


def test_a_delete_marker_has_no_size() -> None:
    """A delete marker, for which S3 returns no size, has size zero."""
    parsed = S3ObjectMetadata.from_listing({"Key": "a", "VersionId": "v", "IsLatest": True}, delete_marker=True)
    assert (parsed.size, parsed.etag, parsed.is_delete_marker, parsed.is_latest) == (0, None, True, True)


def test_models_are_frozen() -> None:
    """Neither a page nor its objects can be modified."""
    page = S3ListResponse(objects=(S3ObjectMetadata(key="a", size=1),))
    with pytest.raises(ValidationError):
        page.is_truncated = True  # type: ignore[misc]
    with pytest.raises(ValidationError):
        page.objects[0].size = 2  # type: ignore[misc]
    assert page.key_count == 1


def test_user_metadata_is_not_shown() -> None:
    """The repr does not contain user metadata, which may be personal."""
    assert "Jane" not in repr(S3ObjectMetadata(key="a", size=1, metadata={"name": "Jane"}))


def test_an_empty_page_has_no_objects() -> None:
    """An empty page has no objects, no prefixes and no continuation token."""
    page = S3ListResponse()
    assert (page.objects, page.prefixes, page.is_truncated, page.next_continuation_token) == ((), (), False, None)
