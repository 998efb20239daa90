"""The S3 client: `client` has the public class, each other module one subject of it."""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".client": ("S3Service",),
        ".copy_delete": ("S3Deletion",),
        ".events": ("S3EventRecord", "parse_s3_event"),
        ".keys": ("S3Key", "build_key"),
        ".presign": ("PresignedPost", "PresignedRequest"),
        ".upload": ("S3Upload",),
    },
)
