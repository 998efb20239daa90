"""Objects in a bucket with versioning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ai_voice_shared import errors

if TYPE_CHECKING:
    from ai_voice_shared.services.s3_service import S3Service

pytestmark = pytest.mark.unit


@pytest.fixture
def s3(on_moto: S3Service) -> S3Service:
    """Return the real service on a bucket with versioning."""
    on_moto.client.put_bucket_versioning(Bucket=on_moto.bucket_name, VersioningConfiguration={"Status": "Enabled"})
    return on_moto


def test_every_version_can_be_read(s3: S3Service) -> None:
    """A version is read by the id that its upload returned; without an id the newest is read."""
    versions = [s3.upload_bytes("a", content).version_id for content in (b"first", b"second")]
    assert None not in versions
    assert [s3.download_bytes("a", version_id=str(item)) for item in versions] == [b"first", b"second"]
    assert s3.download_bytes("a") == b"second"
    assert s3.head_object("a", version_id=versions[0]).size == 5
    assert b"".join(s3.iter_chunks("a", version_id=str(versions[0]))) == b"first"
    with s3.open("a", version_id=versions[0]) as file:
        assert file.read() == b"first"


def test_versions_are_listed_newest_first(s3: S3Service) -> None:
    """Versions are listed newest first, with a delete marker before those of a deleted object."""
    stored = [s3.upload_bytes("a", content).version_id for content in (b"1", b"22")]
    s3.upload_bytes("b", b"333")
    s3.delete_object("a")
    found = list(s3.iter_versions())
    assert [item.key for item in found] == ["a", "a", "a", "b"]
    assert [item.version_id for item in found if item.key == "a" and not item.is_delete_marker] == stored[::-1]
    assert [item.is_delete_marker for item in found].count(True) == 1
    assert not s3.object_exists("a")


def test_a_version_can_be_deleted_permanently(s3: S3Service) -> None:
    """After a version is deleted, the one before is the newest again."""
    s3.upload_bytes("a", b"as intended")
    newest = s3.upload_bytes("a", b"a mistake").version_id
    s3.delete_object("a", version_id=newest)
    assert s3.download_bytes("a") == b"as intended"
    with pytest.raises(errors.S3ObjectNotFoundError):
        s3.download_bytes("a", version_id=str(newest))


def test_an_old_version_can_be_restored(s3: S3Service) -> None:
    """An old version is restored by copying it onto its own key or another."""
    first = s3.upload_bytes("a", b"first").version_id
    s3.upload_bytes("a", b"second")
    s3.copy_object("a", "b", source_version_id=first)
    s3.copy_object("a", "a", source_version_id=first)
    assert s3.download_bytes("a") == s3.download_bytes("b") == b"first"


def test_tags_are_a_version_s_own(s3: S3Service) -> None:
    """Each version has the tags that it was stored with."""
    first = s3.upload_bytes("a", b"1", tags={"state": "new"}).version_id
    s3.upload_bytes("a", b"2", tags={"state": "read"})
    assert (s3.get_tags("a", version_id=first), s3.get_tags("a")) == ({"state": "new"}, {"state": "read"})
