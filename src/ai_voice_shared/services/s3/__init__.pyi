# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
from ai_voice_shared.services.s3.client import S3Service as S3Service
from ai_voice_shared.services.s3.copy_delete import S3Deletion as S3Deletion
from ai_voice_shared.services.s3.events import S3EventRecord as S3EventRecord
from ai_voice_shared.services.s3.events import parse_s3_event as parse_s3_event
from ai_voice_shared.services.s3.keys import S3Key as S3Key
from ai_voice_shared.services.s3.keys import build_key as build_key
from ai_voice_shared.services.s3.presign import PresignedPost as PresignedPost
from ai_voice_shared.services.s3.presign import PresignedRequest as PresignedRequest
from ai_voice_shared.services.s3.upload import S3Upload as S3Upload

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
