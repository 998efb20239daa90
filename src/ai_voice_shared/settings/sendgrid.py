"""Settings of SendGrid."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr

from ai_voice_shared.settings.base import Settings, required

__all__ = ["SendGridSettings"]


class SendGridSettings(Settings):
    """The API key and the sender of mail.

    Examples
    --------
    >>> SendGridSettings(api_key="SG.example", from_email="voice@example.com").from_name
    'AI Voice Tool'
    """

    env_prefix: ClassVar[str] = "SENDGRID_"

    api_key: SecretStr = required(description="API key (SG....).")
    from_email: str = required(pattern=r"^[^@\s]+@[^@\s]+$", description="Address of the sender.")
    from_name: str = Field(default="AI Voice Tool", description="Name of the sender.")
    base_url: str = Field(default="https://api.sendgrid.com", pattern=r"^https?://", description="URL of the API.")
    timeout: float = Field(default=8.0, gt=0, description="Seconds for one call in all, retries included.")
