"""S3 in memory, for the tests of services: no network, no emulator, the same answers.

`InMemoryS3Service` is `S3Service` itself on a client that keeps objects in a dictionary, so that keys, conditions,
metadata, parts and errors are those of the real one; the same contract tests run on both.
"""

from __future__ import annotations

from ai_voice_shared.services.s3_service import S3Service
from ai_voice_shared.settings.s3 import S3Settings
from ai_voice_shared.testing.s3_client import InMemoryS3Client

__all__ = ["InMemoryS3Client", "InMemoryS3Service"]


class InMemoryS3Service(S3Service):
    """`S3Service` on a bucket in memory.

    What it presigns is signed as S3's own, with credentials that open nothing; nobody serves it.

    Parameters
    ----------
    bucket_name
        The bucket's name.

    Examples
    --------
    >>> s3 = InMemoryS3Service("voice-notes")
    >>> s3.upload_bytes("a.txt", b"hello").size
    5
    >>> s3.head_object("a.txt").content_type
    'text/plain'
    """

    def __init__(self, bucket_name: str = "in-memory") -> None:
        super().__init__(S3Settings(bucket_name=bucket_name), client=InMemoryS3Client(bucket_name))
