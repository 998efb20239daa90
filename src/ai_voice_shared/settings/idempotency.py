"""Settings of idempotent processing."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AliasChoices, Field

from ai_voice_shared.settings.base import Settings, required

__all__ = ["IdempotencySettings"]


class IdempotencySettings(Settings):
    """The idempotency table, and how long its records live.

    Examples
    --------
    >>> IdempotencySettings(table_name="idempotency").expires_after
    86400
    """

    env_prefix: ClassVar[str] = "IDEMPOTENCY_"

    table_name: str = required(
        min_length=3,
        description="DynamoDB table with the key `id` and a time to live on `expiration`, as Powertools expects it.",
    )
    region: str | None = Field(
        default=None,
        validation_alias=AliasChoices("IDEMPOTENCY_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
        description="The table's region; Lambda sets AWS_REGION.",
    )
    expires_after: int = Field(default=86_400, gt=0, description="Seconds until the record of a handled event expires.")
    in_progress_timeout: float = Field(
        default=15.0, gt=0, description="Seconds until a claim expires if no deadline is set."
    )
    connect_timeout: float = Field(default=1.0, gt=0, description="Seconds to wait for a connection.")
    read_timeout: float = Field(default=2.0, gt=0, description="Seconds to wait for a response.")
