"""Settings of publishing and reading events."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AliasChoices, Field

from ai_voice_shared.settings.base import Settings

__all__ = ["EventSettings"]


class EventSettings(Settings):
    """The bus, the source, their limits, and where an event that the bus rejects is stored.

    Examples
    --------
    >>> settings = EventSettings(source="voice-parser")
    >>> settings.bus_name, settings.max_entry_bytes // 1024
    ('default', 256)
    """

    env_prefix: ClassVar[str] = "EVENTS_"

    bus_name: str = Field(default="default", min_length=1, description="Name or ARN of the EventBridge bus.")
    source: str | None = Field(
        default=None,
        min_length=1,
        validation_alias=AliasChoices("EVENTS_SOURCE", "POWERTOOLS_SERVICE_NAME"),
        description="Source of events that have none; by default the service.",
    )
    region: str | None = Field(
        default=None,
        validation_alias=AliasChoices("EVENTS_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
        description="The bus's region; Lambda sets AWS_REGION.",
    )
    dead_letter_queue_url: str | None = Field(
        default=None, pattern=r"^https?://", description="SQS queue for events that the bus rejected."
    )
    claim_check_bucket: str | None = Field(
        default=None, description="S3 bucket for the data of events that are too large for the bus."
    )
    claim_check_prefix: str = Field(default="events/", description="Prefix of the keys in that bucket.")
    outbox_table: str | None = Field(default=None, description="DynamoDB table of the outbox (keys `pk` and `sk`).")
    max_entry_bytes: int = Field(
        default=262_144, ge=1024, le=1_048_576, description="Maximum bytes of one PutEvents request and of one event."
    )
    max_attempts: int = Field(default=4, ge=1, description="Attempts in all, within the timeout.")
    retry_delay: float = Field(
        default=0.1, ge=0, description="Maximum seconds before the first retry; doubled for each further one."
    )
    timeout: float = Field(default=8.0, gt=0, description="Seconds for one publish in all, retries included.")
    connect_timeout: float = Field(default=1.0, gt=0, description="Seconds to wait for a connection.")
    read_timeout: float = Field(default=3.0, gt=0, description="Seconds to wait for a response.")
