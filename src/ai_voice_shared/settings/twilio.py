"""Settings of the Twilio account."""

# Without `from __future__ import annotations`: pydantic compiles annotations that are strings, one by one, at every
# cold start.

from typing import ClassVar

from pydantic import AliasChoices, Field, SecretStr

from ai_voice_shared.settings.base import Settings, required

__all__ = ["TwilioSettings"]


class TwilioSettings(Settings):
    """The account, its tokens, and the limits of media downloads.

    Examples
    --------
    >>> settings = TwilioSettings(account_sid="AC" + 32 * "0", auth_tokens=("one", "two"))
    >>> settings.max_media_bytes // 2**20
    16
    """

    env_prefix: ClassVar[str] = "TWILIO_"

    account_sid: str = required(pattern=r"^AC[0-9a-fA-F]{32}$", description="The account (AC...).")
    auth_tokens: tuple[SecretStr, ...] = required(
        min_length=1,
        validation_alias=AliasChoices("TWILIO_AUTH_TOKENS", "TWILIO_AUTH_TOKEN"),
        description="Auth tokens, the current one first; a second one during a rotation.",
    )
    signing_keys: tuple[SecretStr, ...] = Field(
        default=(), description="Secrets of shared keys, for webhooks that are signed with a key in place of a token."
    )
    public_base_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="The URL configured at Twilio, without its path; by default it is rebuilt from the event.",
    )
    api_base_url: str = Field(
        default="https://api.twilio.com", pattern=r"^https?://", description="The URL that media URLs must begin with."
    )
    cdn_hosts: tuple[str, ...] = Field(
        default=("*.twilio.com", "*.twiliocdn.com"), description="Hosts that a media download may redirect to."
    )
    max_media_bytes: int = Field(default=16 * 2**20, gt=0, description="Maximum bytes of one media item.")
    media_connect_timeout: float = Field(default=2.0, gt=0, description="Seconds to wait for a connection.")
    media_read_timeout: float = Field(default=5.0, gt=0, description="Seconds to wait for the next bytes.")
    media_parallel: int = Field(
        default=16, ge=1, description="Maximum media items that are stored concurrently; each takes some MB of memory."
    )
    media_timeout: float = Field(default=10.0, gt=0, description="Seconds for one media item in all, retries included.")
    media_retry_delays: tuple[float, ...] = Field(
        default=(1.0, 3.0), description="Seconds to wait before each retry of media that is not available yet."
    )
