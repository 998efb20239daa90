"""The names of `ai_voice_shared.services.s3`, by the path that services import them from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ai_voice_shared.services.s3 import (
        PresignedPost,
        PresignedRequest,
        S3Deletion,
        S3EventRecord,
        S3Key,
        S3Service,
        S3Upload,
        build_key,
        parse_s3_event,
    )
else:
    from ai_voice_shared.services.s3 import __dir__, __getattr__  # noqa: F401 - resolved on first use

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
