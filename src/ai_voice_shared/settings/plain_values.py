"""Settings as plain values, to configure other libraries: `stripe.api_key = get_stripe_config()["secret_key"]`.

Secrets are plain `str` here, because those libraries expect that. The dictionaries hide them in their `repr`; typed
settings, which hide them everywhere, are in `get_config(...)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ai_voice_shared.settings.config import get_config

if TYPE_CHECKING:
    from ai_voice_shared.settings.base import Settings

__all__ = [
    "PlainSettings",
    "get_api_config",
    "get_database_url",
    "get_gcp_config",
    "get_openai_config",
    "get_redis_url",
    "get_sendgrid_config",
    "get_stripe_config",
]


class PlainSettings(dict[str, Any]):
    """Settings as a dictionary of plain values, whose `repr` hides the secrets.

    Examples
    --------
    >>> from ai_voice_shared.settings.sendgrid import SendGridSettings
    >>> plain = PlainSettings(SendGridSettings(api_key="SG.example", from_email="voice@example.com"))
    >>> plain["api_key"]
    'SG.example'
    >>> "SG.example" in repr(plain)
    False
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__({name: _to_plain(getattr(settings, name)) for name in type(settings).model_fields})

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settings!r})"

    __str__ = __repr__


def _to_plain(value: Any) -> Any:
    from pydantic import SecretStr

    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return [_to_plain(item) for item in value]
    return value


def get_database_url(service: str | None = None) -> str:
    """Return the URL of the database, with its password."""
    return get_config(service).database.connection_string


def get_redis_url(service: str | None = None) -> str:
    """Return the URL of Redis, with its password and database."""
    return get_config(service).redis.connection_string


def get_stripe_config(service: str | None = None) -> PlainSettings:
    """Return `secret_key`, `publishable_key` and `webhook_secret`."""
    return PlainSettings(get_config(service).stripe)


def get_sendgrid_config(service: str | None = None) -> PlainSettings:
    """Return `api_key`, `from_email`, `from_name` and the rest of `SendGridSettings`."""
    return PlainSettings(get_config(service).sendgrid)


def get_gcp_config(service: str | None = None) -> PlainSettings:
    """Return `project_id`, `bucket_name` and `credentials_path`."""
    return PlainSettings(get_config(service).gcp)


def get_openai_config(service: str | None = None) -> PlainSettings:
    """Return `api_key`, `model`, `temperature` and the rest of `OpenAISettings`."""
    return PlainSettings(get_config(service).openai)


def get_api_config(service: str | None = None) -> PlainSettings:
    """Return `host`, `port`, `cors_origins` (a list) and `debug`.

    Examples
    --------
    >>> get_api_config()["cors_origins"]
    []
    """
    return PlainSettings(get_config(service).api)
