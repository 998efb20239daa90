"""Settings of the service framework: its limits and its endpoints."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AliasChoices, Field

from ai_voice_shared.settings.base import Settings

__all__ = ["ChassisSettings"]


class ChassisSettings(Settings):
    """Settings of a service created by `create_service`.

    Examples
    --------
    >>> ChassisSettings(rate_limit=100).rate_limit_window
    60
    """

    env_prefix: ClassVar[str] = "API_"

    https_only: bool = Field(default=True, description="Reject requests that reached a load balancer over plain HTTP.")
    max_body_bytes: int = Field(default=1 << 20, gt=0, description="Maximum bytes of a request's body.")
    rate_limit: int = Field(default=0, ge=0, description="Maximum requests of one caller in a window; 0 for no limit.")
    rate_limit_window: int = Field(default=60, gt=0, le=86_400, description="Length of a window in seconds.")
    rate_limit_table: str | None = Field(
        default=None,
        validation_alias=AliasChoices("API_RATE_LIMIT_TABLE", "RATE_LIMIT_TABLE_NAME"),
        description="DynamoDB table of the counts; that of Powertools Idempotency may be used. Without a table each "
        "process counts separately.",
    )
    cors_max_age: int = Field(default=600, ge=0, description="Seconds that a browser may cache a preflight.")
    metrics: bool = Field(default=True, description="Count and time the requests of each route.")
    docs: bool = Field(default=True, description="Serve /openapi.json and /docs.")
    version: str = Field(default="1.0.0", min_length=1, description="The API's version, in its OpenAPI document.")
