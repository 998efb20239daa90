"""Settings of doing a thing once."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AliasChoices, Field

from ai_voice_shared.settings.base import Settings, required

__all__ = ["IdempotencySettings"]


class IdempotencySettings(Settings):
    """Where claims are kept, and for how long.

    Examples
    --------
    >>> IdempotencySettings(table_name="claims").expires_after
    86400
    """

    env_prefix: ClassVar[str] = "IDEMPOTENCY_"

    table_name: str = required(
        min_length=3,
        description="DynamoDB table with the key `id` and a time to live on `expiration`, as Powertools wants it.",
    )
    region: str | None = Field(
        default=None,
        validation_alias=AliasChoices("IDEMPOTENCY_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
        description="The table's region; Lambda sets AWS_REGION.",
    )
    expires_after: int = Field(default=86_400, gt=0, description="Seconds that a thing which was done is remembered.")
    in_progress_timeout: float = Field(
        default=15.0, gt=0, description="Seconds after which a claim is free again, where no deadline is known."
    )
    connect_timeout: float = Field(default=1.0, gt=0, description="Seconds to wait for a connection.")
    read_timeout: float = Field(default=2.0, gt=0, description="Seconds to wait for an answer.")
