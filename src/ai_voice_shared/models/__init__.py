"""What comes over the wire, typed and frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.models.s3 import S3ListResponse as S3ListResponse
    from ai_voice_shared.models.s3 import S3ObjectMetadata as S3ObjectMetadata

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "S3ListResponse": ".s3",
        "S3ObjectMetadata": ".s3",
    },
)
