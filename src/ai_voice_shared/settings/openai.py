"""Settings of OpenAI."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr

from ai_voice_shared.settings.base import Settings, required

__all__ = ["OpenAISettings"]


class OpenAISettings(Settings):
    """The key, the models, and how long an answer may take.

    Examples
    --------
    >>> settings = OpenAISettings(api_key="sk-example", model="gpt-4o")
    >>> settings.model, settings.temperature
    ('gpt-4o', 0.7)
    """

    env_prefix: ClassVar[str] = "OPENAI_"

    api_key: SecretStr = required(description="API key.")
    organization: str | None = Field(default=None, description="Organization (org-...), where the key has several.")
    project: str | None = Field(default=None, description="Project (proj_...), where the key has several.")
    base_url: str = Field(
        default="https://api.openai.com/v1", pattern=r"^https?://", description="Where the API is, or one like it."
    )
    model: str = Field(default="gpt-4o-mini", min_length=1, description="Model for chat completions.")
    embedding_model: str = Field(default="text-embedding-3-small", min_length=1, description="Model for embeddings.")
    transcription_model: str = Field(default="whisper-1", min_length=1, description="Model for transcriptions.")
    temperature: float = Field(default=0.7, ge=0, le=2, description="0 repeats itself, 2 invents.")
    max_tokens: int | None = Field(default=None, ge=1, description="Tokens of an answer at most.")
    timeout: float = Field(default=30.0, gt=0, description="Seconds for one call in all, retries included.")
    max_attempts: int = Field(default=3, ge=1, description="Tries in all, within the timeout.")
