"""In-memory S3 by moto, for the tests of services: no network, no emulator."""

from __future__ import annotations

from ai_voice_shared.services.s3.client import S3Service
from ai_voice_shared.settings.s3 import S3Settings

__all__ = ["InMemoryS3Service"]


class InMemoryS3Service(S3Service):
    """`S3Service` on a new bucket of moto; its client is the process's own, as in a function.

    It requires active moto: the fixture `aws_mock`, or `moto.mock_aws`. Presigned URLs are signed for S3 with fake
    credentials; no server responds to them. moto 5.2 ignores the conditions of a copy.

    Parameters
    ----------
    bucket_name
        The bucket's name.

    Raises
    ------
    RuntimeError
        moto is not active: the bucket would be created in a real account.

    Examples
    --------
    >>> s3 = InMemoryS3Service("voice-notes")
    >>> s3.upload_bytes("a.txt", b"hello").size
    5
    >>> s3.head_object("a.txt").content_type
    'text/plain'
    """

    def __init__(self, bucket_name: str = "in-memory") -> None:
        from moto.core.models import botocore_stubber, patch_client

        if not botocore_stubber.enabled:
            raise RuntimeError("InMemoryS3Service requires the fixture aws_mock, or moto.mock_aws")
        super().__init__(S3Settings(bucket_name=bucket_name))
        # A client that was created before moto was imported would use the network.
        patch_client(self.client)
        region = self.client.meta.region_name
        location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.client.create_bucket(Bucket=bucket_name, **location)
