"""The S3 client of the services: boto3's and S3's own words, typed errors, and nothing half done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports
from ai_voice_shared.services.s3.changing import S3Changing, S3Deletion
from ai_voice_shared.services.s3.keys import S3Key, build_key
from ai_voice_shared.services.s3.presigning import S3Presigning
from ai_voice_shared.services.s3.reading import S3Reading
from ai_voice_shared.services.s3.writing import S3Upload

if TYPE_CHECKING:
    from ai_voice_shared.services.s3.events import S3EventRecord, parse_s3_event
    from ai_voice_shared.services.s3.presigned import PresignedPost, PresignedRequest

__all__ = [
    "PresignedPost",
    "PresignedRequest",
    "S3Deletion",
    "S3EventRecord",
    "S3Key",
    "S3Service",
    "S3Upload",
    "build_key",
    "parse_s3_event",
]

# Not every function reads notifications or presigns.
__getattr__, __dir__, _ = lazy_exports(
    __name__,
    {
        "PresignedPost": "ai_voice_shared.services.s3.presigned",
        "PresignedRequest": "ai_voice_shared.services.s3.presigned",
        "S3EventRecord": "ai_voice_shared.services.s3.events",
        "parse_s3_event": "ai_voice_shared.services.s3.events",
    },
)


class S3Service(S3Changing, S3Reading, S3Presigning):
    """One bucket, with everything a service does with it.

    Writes carry the current correlation id in the object's metadata; reads check checksums and go on after a broken
    connection; every failure is an `S3Error` with operation, bucket, key and request id. One instance serves all
    threads, and making one costs nothing: settings and client come on first use, the client once for the process.

    Parameters
    ----------
    settings
        By default `S3Settings()`, from the environment.
    bucket_name
        In place of the settings' bucket.
    client
        A boto3 S3 client to use instead of the process's own.
    tracer
        By default the process's (`get_tracer()`).

    Examples
    --------
    >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
    >>> s3 = InMemoryS3Service("voice-notes")           # in a function: S3Service()
    >>> stored = s3.upload_bytes("notes/a.ogg", b"OggS...", if_none_match="*")
    >>> s3.download_bytes("notes/a.ogg")
    b'OggS...'
    >>> [one.key for one in s3.iter_objects("notes/")]
    ['notes/a.ogg']
    >>> s3.upload_bytes("notes/a.ogg", b"again", if_none_match="*")
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.s3.S3PreconditionFailedError: PutObject on s3://voice-notes/notes/a.ogg: the condition does \
not hold (PreconditionFailed)
    """
