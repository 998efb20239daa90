"""Settings of OpenAI."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr

from ai_voice_shared.settings.base import Settings, required

__all__ = ["OpenAISettings"]


class OpenAISettings(Settings):
    """The API key, the models and their limits.

    Examples
    --------
    >>> settings = OpenAISettings(api_key="sk-example", model="gpt-4o")
    >>> settings.model, settings.temperature
    ('gpt-4o', 0.7)
    """

    env_prefix: ClassVar[str] = "OPENAI_"

    api_key: SecretStr = required(description="API key.")
    organization: str | None = Field(default=None, description="Organization (org-...), if the key has several.")
    project: str | None = Field(default=None, description="Project (proj_...), if the key has several.")
    base_url: str = Field(
        default="https://api.openai.com/v1", pattern=r"^https?://", description="URL of the API or a compatible one."
    )
    model: str = Field(default="gpt-4o-mini", min_length=1, description="Model for chat completions.")
    embedding_model: str = Field(default="text-embedding-3-small", min_length=1, description="Model for embeddings.")
    transcription_model: str = Field(default="whisper-1", min_length=1, description="Model for transcriptions.")
    temperature: float = Field(
        default=0.7, ge=0, le=2, description="Sampling temperature: 0 is nearly deterministic, 2 is most random."
    )
    max_tokens: int | None = Field(default=None, ge=1, description="Maximum tokens of a response.")
    timeout: float = Field(default=30.0, gt=0, description="Seconds for one call in all, retries included.")
    max_attempts: int = Field(default=3, ge=1, description="Attempts in all, within the timeout.")
