"""Settings of the database."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr

from ai_voice_shared.settings.base import Settings, required

__all__ = ["DatabaseSettings"]


class DatabaseSettings(Settings):
    """Where the database is, and how many connections a process holds.

    Examples
    --------
    >>> settings = DatabaseSettings(url="postgres://app:secret@db.example.com/voice")
    >>> settings.connection_string
    'postgresql://app:secret@db.example.com/voice'
    >>> "secret" in repr(settings)
    False
    """

    env_prefix: ClassVar[str] = "DATABASE_"

    url: SecretStr = required(description="URL with user and password, as SQLAlchemy reads it.")
    pool_size: int = Field(
        default=1, ge=0, description="Connections in the pool; a Lambda function serves one call at a time."
    )
    max_overflow: int = Field(default=2, ge=0, description="Additional connections under load.")
    pool_timeout: float = Field(default=3.0, gt=0, description="Seconds to wait for a free connection.")
    pool_recycle: int = Field(default=300, ge=-1, description="Seconds after which a connection is replaced.")
    connect_timeout: float = Field(default=3.0, gt=0, description="Seconds to wait for a new connection.")
    echo: bool = Field(default=False, description="Log each statement; its values may be personal data.")

    @property
    def connection_string(self) -> str:
        """The URL in plain text; `postgres://`, which SQLAlchemy refuses, is written as `postgresql://`."""
        url = self.url.get_secret_value()
        return f"postgresql://{url.removeprefix('postgres://')}" if url.startswith("postgres://") else url
