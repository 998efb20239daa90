"""The S3 client: `client` has the public class, each other module one subject of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.services.s3.client import S3Service as S3Service
    from ai_voice_shared.services.s3.copy_delete import S3Deletion as S3Deletion
    from ai_voice_shared.services.s3.events import S3EventRecord as S3EventRecord
    from ai_voice_shared.services.s3.events import parse_s3_event as parse_s3_event
    from ai_voice_shared.services.s3.keys import S3Key as S3Key
    from ai_voice_shared.services.s3.keys import build_key as build_key
    from ai_voice_shared.services.s3.presign import PresignedPost as PresignedPost
    from ai_voice_shared.services.s3.presign import PresignedRequest as PresignedRequest
    from ai_voice_shared.services.s3.upload import S3Upload as S3Upload

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "PresignedPost": ".presign",
        "PresignedRequest": ".presign",
        "S3Deletion": ".copy_delete",
        "S3EventRecord": ".events",
        "S3Key": ".keys",
        "S3Service": ".client",
        "S3Upload": ".upload",
        "build_key": ".keys",
        "parse_s3_event": ".events",
    },
)
