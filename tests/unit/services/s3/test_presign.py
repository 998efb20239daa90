"""Presigned requests: what is signed, for how long, and for which host."""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.credentials import RefreshableCredentials

from ai_voice_shared.aws import clients as aws
from ai_voice_shared.errors import InvalidS3KeyError, ValidationError
from ai_voice_shared.services.s3_service import S3Service
from ai_voice_shared.settings.s3 import S3Settings
from tests.support.presigned_s3 import url_signature

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.faulty_s3 import FaultyS3

pytestmark = pytest.mark.unit

SECRET = "presigning-secret"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Service]:
    """Return a service with AWS's own endpoint; nothing here uses the network."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setattr(aws, "_clients", {})
    monkeypatch.setattr(aws, "_sessions", [])
    yield S3Service(S3Settings(bucket_name="voice-notes", region="ap-southeast-2"))
    aws.close_connections()


def sign(method: str, url: str, headers: Mapping[str, str]) -> str:
    """Compute the sign of a presigned URL by the text of the SigV4 specification."""
    return url_signature(SECRET, method, url, headers)


def parse_query(url: str) -> dict[str, str]:
    """Return a URL's query."""
    return dict(parse_qsl(urlsplit(url).query))


@pytest.mark.parametrize("key", ["notes/a.ogg", "notes/Zürich & more/ä b+c.ogg"])
def test_a_get_is_signed_with_sigv4_for_the_regional_host(s3: S3Service, key: str) -> None:
    """A GET uses neither SigV2 nor the global host, and its key is encoded as it is signed."""
    presigned = s3.presign_get(key, version_id="v1", response_content_type="audio/ogg")
    assert urlsplit(presigned.url).netloc == "voice-notes.s3.ap-southeast-2.amazonaws.com"
    query = parse_query(presigned.url)
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert (query["versionId"], query["response-content-type"]) == ("v1", "audio/ogg")
    assert query["X-Amz-Signature"] == sign("GET", presigned.url, presigned.headers)
    assert (presigned.method, presigned.headers) == ("GET", {})


def test_us_east_1_has_its_own_host_too(s3: S3Service) -> None:
    """us-east-1, whose default host is the global one, gets its regional host."""
    service = S3Service(S3Settings(bucket_name="voice-notes", region="us-east-1"))
    assert urlsplit(service.presign_get("k").url).netloc == "voice-notes.s3.us-east-1.amazonaws.com"


def test_a_put_signs_type_length_and_checksum(s3: S3Service) -> None:
    """The returned headers are exactly those that are signed."""
    body = b"OggS..."
    checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
    presigned = s3.presign_put(
        "notes/a.ogg",
        content_type="audio/ogg",
        content_length=len(body),
        checksum_sha256=checksum,
        if_none_match="*",
    )
    query = parse_query(presigned.url)
    assert query["X-Amz-Signature"] == sign("PUT", presigned.url, presigned.headers)
    signed = set(query["X-Amz-SignedHeaders"].split(";"))
    assert signed == {"host", *(name.lower() for name in presigned.headers)}
    assert {"content-type", "content-length", "x-amz-checksum-sha256", "if-none-match"} <= signed


def test_a_put_without_conditions_accepts_anything(s3: S3Service) -> None:
    """A PUT without conditions signs the host only."""
    presigned = s3.presign_put("k")
    assert parse_query(presigned.url)["X-Amz-SignedHeaders"] == "host"
    assert presigned.headers == {}


def test_presigned_requests_work_without_credentials(service: S3Service, server: FaultyS3) -> None:
    """Presigned requests write and read by plain HTTP."""
    put = service.presign_put("a b.txt", content_type="text/plain", content_length=5)
    request = urllib.request.Request(put.url, b"hello", dict(put.headers), method=put.method)  # noqa: S310 - loopback
    with urllib.request.urlopen(request) as response:  # noqa: S310 - loopback
        assert response.status == 200
    assert server.objects["a b.txt"].headers["Content-Type"] == "text/plain"
    with urllib.request.urlopen(service.presign_get("a b.txt").url) as response:  # noqa: S310 - loopback
        assert response.read() == b"hello"
    assert service.generate_presigned_url("a b.txt").startswith(server.url)


def parse_policy(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the policy of a form."""
    found: dict[str, Any] = json.loads(base64.b64decode(fields["policy"]))
    return found


def test_a_post_limits_length_type_and_key(s3: S3Service) -> None:
    """The policy has the range of lengths, the type and the key, and the form has the matching fields."""
    presigned = s3.presign_post("notes/a.ogg", max_bytes=1000, min_bytes=10, content_type="audio/ogg")
    assert urlsplit(presigned.url).netloc == "voice-notes.s3.ap-southeast-2.amazonaws.com"
    conditions = parse_policy(presigned.fields)["conditions"]
    assert ["content-length-range", 10, 1000] in conditions
    assert {"Content-Type": "audio/ogg"} in conditions
    assert {"key": "notes/a.ogg"} in conditions
    assert presigned.fields["Content-Type"] == "audio/ogg"
    assert presigned.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


def test_a_post_can_leave_the_name_to_the_file(s3: S3Service) -> None:
    """A form for a prefix accepts any name below it and any type of its kind."""
    presigned = s3.presign_post("notes/", max_bytes=1000, content_type="audio/", prefix=True)
    conditions = parse_policy(presigned.fields)["conditions"]
    assert ["starts-with", "$key", "notes/"] in conditions
    assert ["starts-with", "$Content-Type", "audio/"] in conditions
    assert presigned.fields["key"] == "notes/${filename}"


@pytest.mark.parametrize("seconds", [0, -1, 604_801])
def test_an_expiry_outside_sigv4_s_limits_is_refused(s3: S3Service, seconds: int) -> None:
    """An expiry over seven days is refused immediately, since S3 would refuse the request when it is used."""
    with pytest.raises(ValidationError, match="expires_in"):
        s3.presign_get("k", expires_in=seconds)


@pytest.mark.parametrize("method", ["presign_get", "presign_put", "generate_presigned_url"])
def test_a_bad_key_is_not_signed(s3: S3Service, method: str) -> None:
    """Presigning refuses the same keys as writing."""
    with pytest.raises(InvalidS3KeyError):
        getattr(s3, method)("../secrets")


def test_the_expiry_is_the_settings_unless_it_is_given(s3: S3Service) -> None:
    """The expiry is that of the settings unless it is given, and is returned."""
    presigned = s3.presign_get("k")
    assert parse_query(presigned.url)["X-Amz-Expires"] == "900"
    assert timedelta(seconds=890) < presigned.expires_at - datetime.now(UTC) <= timedelta(seconds=900)
    assert parse_query(s3.presign_get("k", expires_in=60).url)["X-Amz-Expires"] == "60"


def test_the_expiry_ends_with_the_credentials(s3: S3Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL expires with the role's session that signed it."""
    end = datetime.now(UTC) + timedelta(minutes=30)
    credentials = RefreshableCredentials(
        "AKIDEXAMPLE", SECRET, "token", end, refresh_using=dict, method="test", advisory_timeout=0, mandatory_timeout=0
    )
    monkeypatch.setattr(s3.client._request_signer, "_credentials", credentials)
    assert s3.presign_get("k", expires_in=7 * 24 * 3600).expires_at == end
    assert s3.presign_post("k", max_bytes=1, expires_in=7 * 24 * 3600).expires_at == end
    assert s3.presign_get("k", expires_in=60).expires_at < end


def test_a_signature_is_not_shown(s3: S3Service) -> None:
    """No repr of a request or a form has the sign."""
    shown = repr(s3.presign_get("k")) + repr(s3.presign_put("k")) + repr(s3.presign_post("k", max_bytes=1))
    assert "ignature" not in shown
    assert "AKIDEXAMPLE" not in shown


def test_another_method_is_refused(s3: S3Service) -> None:
    """Only GET and PUT can be presigned, and only possible sizes."""
    with pytest.raises(ValidationError):
        s3.generate_presigned_url("k", method="DELETE")
    with pytest.raises(ValidationError):
        s3.presign_post("k", max_bytes=1, min_bytes=2)
