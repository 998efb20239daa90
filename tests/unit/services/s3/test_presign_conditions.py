"""Presigned requests at a server that checks every condition of them."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ai_voice_shared.aws import clients as aws
from ai_voice_shared.services.s3_service import S3Service
from ai_voice_shared.settings.s3 import S3Settings
from tests.support.presigned_s3 import PresignedS3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ai_voice_shared.services.s3.presign import PresignedPost, PresignedRequest

pytestmark = pytest.mark.unit

SECRET = "presigning-secret"
BODY = b"OggS..."
CHECKSUM = base64.b64encode(hashlib.sha256(BODY).digest()).decode()


@pytest.fixture
def server() -> Iterator[PresignedS3]:
    """Run the server."""
    with PresignedS3(SECRET) as s3:
        yield s3


@pytest.fixture
def s3(server: PresignedS3, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Service]:
    """Return a service that signs for the server."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setattr(aws, "_clients", {})
    monkeypatch.setattr(aws, "_sessions", [])
    yield S3Service(S3Settings(bucket_name="notes", region="ap-southeast-2", endpoint_url=server.url))
    aws.close_connections()


def put(presigned: PresignedRequest, body: bytes = BODY, **changes: str) -> int:
    """Send a presigned upload, with the headers that were signed or others."""
    headers = {**presigned.headers, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return httpx.put(presigned.url, content=body, headers=headers, trust_env=False).status_code


def post(presigned: PresignedPost, body: Any = BODY, name: Any = "a.ogg", **changes: Any) -> int:
    """Send a presigned form, with its fields or others."""
    fields = {**presigned.fields, **changes}
    return httpx.post(presigned.url, data=fields, files={"file": (name, body)}, trust_env=False).status_code


def test_an_upload_has_the_type_the_length_and_the_bytes_that_were_signed(s3: S3Service, server: PresignedS3) -> None:
    """An upload with another type, length or content is refused, and nothing is stored."""
    presigned = s3.presign_put("a b.ogg", content_type="audio/ogg", content_length=len(BODY), checksum_sha256=CHECKSUM)
    assert put(presigned, Content_Type="text/html") == 403
    assert put(presigned, BODY + b"more", Content_Length=str(len(BODY) + 4)) == 403
    assert put(presigned, b"other..") == 400
    assert server.objects == {}
    assert put(presigned) == 200
    assert server.objects == {"a b.ogg": (BODY, "audio/ogg")}


def test_an_upload_to_a_free_key_happens_once(s3: S3Service, server: PresignedS3) -> None:
    """The second upload of the same request is refused, also without the condition."""
    presigned = s3.presign_put("k", if_none_match="*")
    assert put(presigned) == 200
    assert put(presigned, b"again") == 412
    assert httpx.put(presigned.url, content=b"again", trust_env=False).status_code == 403
    assert server.objects["k"][0] == BODY


def test_a_url_is_valid_for_its_key_and_method_only(s3: S3Service, server: PresignedS3) -> None:
    """A URL for reading reads no other object, and writes nothing."""
    server.objects |= {"mine": (BODY, ""), "yours": (b"secret", "")}
    url = s3.presign_get("mine").url
    assert httpx.get(url, trust_env=False).content == BODY
    assert httpx.get(url.replace("mine", "yours"), trust_env=False).status_code == 403
    assert httpx.put(url, content=b"x", trust_env=False).status_code == 403


def test_an_expired_request_is_refused(s3: S3Service, server: PresignedS3) -> None:
    """A request is refused after the time that was signed."""
    get, write, form = s3.presign_get("k", expires_in=60), s3.presign_put("k"), s3.presign_post("k", max_bytes=100)
    server.now += timedelta(hours=1)
    assert httpx.get(get.url, trust_env=False).status_code == 403
    assert put(write) == 403
    assert post(form) == 403


def test_a_form_accepts_a_file_of_its_type_within_its_lengths(s3: S3Service, server: PresignedS3) -> None:
    """A form refuses a file that is too long or too short, another type, another key and an additional field."""
    presigned = s3.presign_post("notes/a.ogg", min_bytes=3, max_bytes=10, content_type="audio/ogg")
    assert post(presigned, b"OggS" * 3) == 403
    assert post(presigned, b"Og") == 403
    assert post(presigned, **{"Content-Type": "text/html"}) == 403
    assert post(presigned, key="notes/b.ogg") == 403
    assert post(presigned, acl="public-read") == 403
    assert server.objects == {}
    assert post(presigned) == 204
    assert server.objects == {"notes/a.ogg": (BODY, "audio/ogg")}


def test_a_form_for_a_folder_accepts_any_name_in_it(s3: S3Service, server: PresignedS3) -> None:
    """A form for a folder accepts any name below it and any type of its kind."""
    presigned = s3.presign_post("notes/", max_bytes=100, content_type="audio/", prefix=True)
    assert post(presigned, name="b.mp3", **{"Content-Type": "audio/mpeg"}) == 204
    assert post(presigned, **{"Content-Type": "video/mp4"}) == 403
    assert post(presigned, key="other/${filename}", **{"Content-Type": "audio/mpeg"}) == 403
    assert server.objects == {"notes/b.mp3": (BODY, "audio/mpeg")}
