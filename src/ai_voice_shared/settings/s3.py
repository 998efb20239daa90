"""Settings of the S3 bucket."""

# Without `from __future__ import annotations`: pydantic compiles annotations that are strings, one by one, at every
# cold start.

from typing import ClassVar

from pydantic import AliasChoices, Field

from ai_voice_shared.settings.base import Settings, required

__all__ = ["S3Settings"]


class S3Settings(Settings):
    """The bucket, its region and the limits of requests.

    Examples
    --------
    >>> settings = S3Settings(bucket_name="voice-notes", region="ap-southeast-2")
    >>> settings.presign_expires_in
    900
    """

    env_prefix: ClassVar[str] = "S3_"

    bucket_name: str = required(min_length=3, max_length=255, description="The bucket.")
    region: str | None = Field(
        default=None,
        validation_alias=AliasChoices("S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
        description="The bucket's region; Lambda sets AWS_REGION.",
    )
    endpoint_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        description="URL of an emulator, in place of AWS's endpoint.",
    )
    kms_key_id: str | None = Field(default=None, description="Encrypt with this KMS key (SSE-KMS).")
    presign_expires_in: int = Field(
        default=900, ge=1, le=604_800, description="Seconds that a presigned URL is valid, unless the call sets them."
    )
    connect_timeout: float = Field(default=3.0, gt=0, description="Seconds to wait for a connection.")
    read_timeout: float = Field(default=20.0, gt=0, description="Seconds to wait for the next bytes of a response.")
    max_attempts: int = Field(default=4, ge=1, description="Attempts in all, in botocore's standard retry mode.")
