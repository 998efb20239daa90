"""S3Service against the deployed bucket."""

from __future__ import annotations

import io
import ssl
import uuid
from typing import TYPE_CHECKING

import httpx
import pytest

from ai_voice_shared import S3Settings
from ai_voice_shared.errors import S3ObjectNotFoundError
from ai_voice_shared.services.s3_service import S3Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.stack import Stack

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def service(s3_bucket: str, own_clients: None) -> S3Service:
    """Create a service of the bucket, with the region of the environment."""
    return S3Service(S3Settings(bucket_name=s3_bucket))


@pytest.fixture
def prefix(service: S3Service) -> Iterator[str]:
    """Yield a prefix for the test, outside those that trigger the parser, and delete its objects afterwards."""
    own = f"e2e-tests/{uuid.uuid4()}/"
    yield own
    service.delete_prefix(own, confirm=own)


def test_bytes_round_trip(service: S3Service, prefix: str) -> None:
    """Uploaded bytes are downloaded unchanged, with their type and metadata."""
    key = f"{prefix}note.txt"
    service.upload_bytes(key, b"hello", content_type="text/plain", metadata={"origin": "test"})
    assert service.download_bytes(key) == b"hello"
    head = service.head_object(key)
    assert (head.size, head.content_type, head.metadata["origin"]) == (5, "text/plain", "test")


def test_files_round_trip(service: S3Service, prefix: str, tmp_path: Path) -> None:
    """A file of several parts is downloaded unchanged, and the caller's file object stays open."""
    content = bytes(range(256)) * 40_000
    source, target = tmp_path / "source.bin", tmp_path / "target.bin"
    source.write_bytes(content)
    service.upload_file(f"{prefix}file.bin", source)
    service.download_file(f"{prefix}file.bin", target)
    assert target.read_bytes() == content

    stream = io.BytesIO(content)
    service.upload_fileobj(f"{prefix}stream.bin", stream)
    assert not stream.closed
    assert service.download_bytes(f"{prefix}stream.bin") == content


def test_keys_are_listed_page_by_page(service: S3Service, prefix: str) -> None:
    """A page has its keys and the token of the next; the iterator yields all keys."""
    keys = [f"{prefix}{number}.txt" for number in range(5)]
    for key in keys:
        service.upload_bytes(key, b"x")
    page = service.list_objects(prefix=prefix, max_keys=2)
    assert [entry.key for entry in page.objects] == keys[:2]
    assert page.is_truncated
    assert [entry.key for entry in service.iter_objects(prefix=prefix)] == keys


def test_a_presigned_request_needs_no_credentials(stack: Stack, service: S3Service, prefix: str) -> None:
    """The presigned URLs put and get the object without credentials."""
    verify = stack.aws.verify
    trusted = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify
    key = f"{prefix}presigned.txt"
    with httpx.Client(verify=trusted, trust_env=False) as outside:
        put = service.presign_put(key, content_type="text/plain", expires_in=60)
        outside.put(put.url, content=b"from outside", headers=dict(put.headers)).raise_for_status()
        assert service.download_bytes(key) == b"from outside"
        get = service.presign_get(key, expires_in=60)
        assert outside.get(get.url).raise_for_status().content == b"from outside"


def test_a_missing_object_is_a_typed_error(service: S3Service, prefix: str) -> None:
    """A missing key does not exist, and downloading it raises a typed error."""
    assert not service.object_exists(f"{prefix}nothing")
    with pytest.raises(S3ObjectNotFoundError):
        service.download_bytes(f"{prefix}nothing")


def test_a_deleted_object_is_gone(service: S3Service, prefix: str) -> None:
    """A deleted object no longer exists, and deleting it twice is not an error."""
    key = f"{prefix}short-lived"
    service.upload_bytes(key, b"x")
    assert service.object_exists(key)
    service.delete_object(key)
    service.delete_object(key)
    assert not service.object_exists(key)
