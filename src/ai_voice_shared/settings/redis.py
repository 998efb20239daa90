"""Settings of Redis."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr

from ai_voice_shared.settings.base import Settings, required

__all__ = ["RedisSettings"]


class RedisSettings(Settings):
    """Where Redis is, and the credentials for it.

    Examples
    --------
    >>> RedisSettings(url="redis://cache.example.com:6379", password="p/w", db=2).connection_string
    'redis://:p%2Fw@cache.example.com:6379/2'
    """

    env_prefix: ClassVar[str] = "REDIS_"

    url: SecretStr = required(description="redis:// or rediss:// (TLS); it may hold user and password.")
    password: SecretStr | None = Field(default=None, description="Password, if the URL has none.")
    db: int | None = Field(default=None, ge=0, description="Number of the database, if the URL has none.")
    connect_timeout: float = Field(default=1.0, gt=0, description="Seconds to wait for a connection.")
    read_timeout: float = Field(default=2.0, gt=0, description="Seconds to wait for a response.")
    max_connections: int = Field(default=4, ge=1, description="Maximum connections of a process.")

    @property
    def connection_string(self) -> str:
        """The URL in plain text, with the password and the database in it."""
        from urllib.parse import quote, urlsplit

        parts = urlsplit(self.url.get_secret_value())
        user, at, host = parts.netloc.rpartition("@")
        if self.password is not None and ":" not in user:
            user, at = f"{user}:{quote(self.password.get_secret_value(), safe='')}", "@"
        path = parts.path
        if self.db is not None and path in ("", "/"):
            path = f"/{self.db}"
        return parts._replace(netloc=f"{user}{at}{host}", path=path).geturl()
