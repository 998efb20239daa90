"""What is presigned, at a server that checks every condition of it."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ai_voice_shared import aws
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
    """Give the server."""
    with PresignedS3(SECRET) as s3:
        yield s3


@pytest.fixture
def s3(server: PresignedS3, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Service]:
    """Give a service that signs for it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setattr(aws, "_clients", {})
    monkeypatch.setattr(aws, "_sessions", {})
    yield S3Service(S3Settings(bucket_name="notes", region="ap-southeast-2", endpoint_url=server.url))
    aws.close_connections()


def put(made: PresignedRequest, body: bytes = BODY, **changes: str) -> int:
    """Send a presigned upload, perhaps with other headers than it was signed with."""
    headers = {**made.headers, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return httpx.put(made.url, content=body, headers=headers, trust_env=False).status_code


def post(made: PresignedPost, body: Any = BODY, name: Any = "a.ogg", **changes: Any) -> int:
    """Send a presigned form, perhaps with other fields."""
    fields = {**made.fields, **changes}
    return httpx.post(made.url, data=fields, files={"file": (name, body)}, trust_env=False).status_code


def test_an_upload_has_the_type_the_length_and_the_bytes_that_were_signed(s3: S3Service, server: PresignedS3) -> None:
    """Anything else is refused, and nothing is stored."""
    made = s3.presign_put("a b.ogg", content_type="audio/ogg", content_length=len(BODY), checksum_sha256=CHECKSUM)
    assert put(made, Content_Type="text/html") == 403
    assert put(made, BODY + b"more", Content_Length=str(len(BODY) + 4)) == 403
    assert put(made, b"other..") == 400
    assert server.objects == {}
    assert put(made) == 200
    assert server.objects == {"a b.ogg": (BODY, "audio/ogg")}


def test_an_upload_to_a_free_key_happens_once(s3: S3Service, server: PresignedS3) -> None:
    """The second sender of the same request is refused, also when it leaves the condition out."""
    made = s3.presign_put("k", if_none_match="*")
    assert put(made) == 200
    assert put(made, b"again") == 412
    assert httpx.put(made.url, content=b"again", trust_env=False).status_code == 403
    assert server.objects["k"][0] == BODY


def test_a_url_is_good_for_its_key_and_method_alone(s3: S3Service, server: PresignedS3) -> None:
    """Nobody reads another object with it, nor writes with what lets them read."""
    server.objects |= {"mine": (BODY, ""), "yours": (b"secret", "")}
    url = s3.presign_get("mine").url
    assert httpx.get(url, trust_env=False).content == BODY
    assert httpx.get(url.replace("mine", "yours"), trust_env=False).status_code == 403
    assert httpx.put(url, content=b"x", trust_env=False).status_code == 403


def test_an_expired_request_is_refused(s3: S3Service, server: PresignedS3) -> None:
    """The server goes by the time that was signed."""
    get, write, form = s3.presign_get("k", expires_in=60), s3.presign_put("k"), s3.presign_post("k", max_bytes=100)
    server.now += timedelta(hours=1)
    assert httpx.get(get.url, trust_env=False).status_code == 403
    assert put(write) == 403
    assert post(form) == 403


def test_a_form_takes_a_file_of_its_type_within_its_lengths(s3: S3Service, server: PresignedS3) -> None:
    """Too long, too short, another type, another key, a field more: refused."""
    made = s3.presign_post("notes/a.ogg", min_bytes=3, max_bytes=10, content_type="audio/ogg")
    assert post(made, b"OggS" * 3) == 403
    assert post(made, b"Og") == 403
    assert post(made, **{"Content-Type": "text/html"}) == 403
    assert post(made, key="notes/b.ogg") == 403
    assert post(made, acl="public-read") == 403
    assert server.objects == {}
    assert post(made) == 204
    assert server.objects == {"notes/a.ogg": (BODY, "audio/ogg")}


def test_a_form_for_a_folder_takes_any_name_in_it(s3: S3Service, server: PresignedS3) -> None:
    """Of any type of the kind."""
    made = s3.presign_post("notes/", max_bytes=100, content_type="audio/", prefix=True)
    assert post(made, name="b.mp3", **{"Content-Type": "audio/mpeg"}) == 204
    assert post(made, **{"Content-Type": "video/mp4"}) == 403
    assert post(made, key="other/${filename}", **{"Content-Type": "audio/mpeg"}) == 403
    assert server.objects == {"notes/b.mp3": (BODY, "audio/mpeg")}
