"""The two S3s that must behave the same: the real service on moto, and the twin in memory."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from ai_voice_shared.services.s3_service import S3Service
from ai_voice_shared.settings.s3 import S3Settings
from ai_voice_shared.testing.s3 import InMemoryS3Service

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def boto3_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give a boto3 S3 client on moto."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
        yield boto3.client("s3", region_name="ap-southeast-2", config=config)


@pytest.fixture
def on_moto(boto3_client: Any) -> S3Service:
    """Give the real service, with a bucket of its own on moto."""
    name = f"notes-{uuid.uuid4()}"
    boto3_client.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": boto3_client.meta.region_name}
    )
    return S3Service(S3Settings(bucket_name=name, region="ap-southeast-2"), client=boto3_client)


@pytest.fixture(params=["moto", "memory"])
def s3(request: pytest.FixtureRequest) -> S3Service:
    """Give each of the two in turn."""
    if request.param == "memory":
        return InMemoryS3Service()
    service: S3Service = request.getfixturevalue("on_moto")
    return service
