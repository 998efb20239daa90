"""Settings of an HTTP service."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from ai_voice_shared.settings.base import Settings

__all__ = ["ApiSettings"]


class ApiSettings(Settings):
    """Where a service listens when it runs locally, and which web pages may call it.

    Examples
    --------
    >>> settings = ApiSettings(cors_origins=["https://app.example.com"])
    >>> settings.cors_origins, settings.port
    (('https://app.example.com',), 8000)
    """

    env_prefix: ClassVar[str] = "API_"

    host: str = Field(default="127.0.0.1", min_length=1, description="Address of the local server.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port of the local server.")
    cors_origins: tuple[str, ...] = Field(
        default=(), description="Origins whose pages may call; none by default, `*` for any."
    )
    debug: bool = Field(default=False, description="Include details of errors in responses; never in production.")
