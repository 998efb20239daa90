"""S3 for the tests of the service: moto, and a server on loopback that misbehaves on request."""

from __future__ import annotations

import time
import uuid
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from ai_voice_shared.aws import clients as aws
from ai_voice_shared.services.s3_service import S3Service
from ai_voice_shared.settings.s3 import S3Settings
from tests.support.faulty_s3 import BUCKET, FaultyS3

if TYPE_CHECKING:
    from collections.abc import Iterator


# One for all tests: reading botocore's data takes longer than most of them.
_SESSIONS: list[Any] = []


@pytest.fixture
def boto3_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a boto3 S3 client on moto."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
        yield boto3.client("s3", region_name="ap-southeast-2", config=config)


@pytest.fixture
def on_moto(boto3_client: Any) -> S3Service:
    """Return the real service, with a new bucket on moto."""
    name = f"notes-{uuid.uuid4()}"
    boto3_client.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": boto3_client.meta.region_name}
    )
    return S3Service(S3Settings(bucket_name=name, region="ap-southeast-2"), client=boto3_client)


@pytest.fixture
def s3(on_moto: S3Service) -> S3Service:
    """Return the service that the contract is checked on."""
    return on_moto


@pytest.fixture
def server() -> Iterator[FaultyS3]:
    """Run an S3 on loopback that fails on request."""
    with FaultyS3() as s3:
        yield s3


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Skip the pauses between retries; return the list of their lengths."""
    skipped: list[float] = []
    clock = SimpleNamespace(**{**vars(time), "sleep": skipped.append})
    monkeypatch.setattr("botocore.endpoint.time", clock)
    monkeypatch.setattr("ai_voice_shared.services.s3.upload.time", clock)
    return skipped


@pytest.fixture
def service(server: FaultyS3, pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Service]:
    """Return the real service, with a client of its own, on the failing server."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setattr(aws, "_clients", {})
    monkeypatch.setattr(aws, "_sessions", _SESSIONS)
    settings = S3Settings(
        bucket_name=BUCKET,
        region="eu-central-1",
        endpoint_url=server.url,
        connect_timeout=2,
        read_timeout=0.5,
        max_attempts=4,
    )
    yield S3Service(settings)
    aws.close_connections()
