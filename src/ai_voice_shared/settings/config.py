"""All settings of a service in one place, each section read on first use.

`get_config("my-service").database` is a `DatabaseSettings` that reads `MY_SERVICE_DATABASE_URL` before
`DATABASE_URL`. A section is read once and cached; one with secrets by reference is read again when they may have
changed: when they have expired, or after a forced refresh.
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ai_voice_shared.settings.secrets import DEFAULT_MAX_AGE, secrets_generation

if TYPE_CHECKING:
    from ai_voice_shared.settings.agent import AgentSettings
    from ai_voice_shared.settings.api import ApiSettings
    from ai_voice_shared.settings.base import Settings
    from ai_voice_shared.settings.chassis import ChassisSettings
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings
    from ai_voice_shared.settings.database import DatabaseSettings
    from ai_voice_shared.settings.events import EventSettings
    from ai_voice_shared.settings.gcp import GCPSettings
    from ai_voice_shared.settings.idempotency import IdempotencySettings
    from ai_voice_shared.settings.metrics import MetricsSettings
    from ai_voice_shared.settings.openai import OpenAISettings
    from ai_voice_shared.settings.redis import RedisSettings
    from ai_voice_shared.settings.s3 import S3Settings
    from ai_voice_shared.settings.security import ApiKeySettings, SecuritySettings
    from ai_voice_shared.settings.sendgrid import SendGridSettings
    from ai_voice_shared.settings.services import ServiceSettings
    from ai_voice_shared.settings.stripe import StripeSettings
    from ai_voice_shared.settings.twilio import TwilioSettings

    S = TypeVar("S", bound=Settings)

__all__ = ["SECTIONS", "Config", "get_config", "reset_config"]

SECTIONS = {
    "agent": "AgentSettings",
    "api": "ApiSettings",
    "api_keys": "ApiKeySettings",
    "chassis": "ChassisSettings",
    "customer_lookup": "CustomerLookupSettings",
    "database": "DatabaseSettings",
    "events": "EventSettings",
    "gcp": "GCPSettings",
    "idempotency": "IdempotencySettings",
    "metrics": "MetricsSettings",
    "openai": "OpenAISettings",
    "redis": "RedisSettings",
    "s3": "S3Settings",
    "security": "SecuritySettings",
    "sendgrid": "SendGridSettings",
    "services": "ServiceSettings",
    "stripe": "StripeSettings",
    "twilio": "TwilioSettings",
}
"""Each section of a `Config` and its settings class."""


class Config:
    """The settings of one service, by section.

    Parameters
    ----------
    service
        The service's name, whose variables (`MY_SERVICE_...`) come first; None for the plain variables only.

    Examples
    --------
    >>> config = Config("my-service")
    >>> config.api.port
    8000
    >>> config.api is config.api
    True
    """

    if TYPE_CHECKING:
        agent: AgentSettings
        api: ApiSettings
        api_keys: ApiKeySettings
        chassis: ChassisSettings
        customer_lookup: CustomerLookupSettings
        database: DatabaseSettings
        events: EventSettings
        gcp: GCPSettings
        idempotency: IdempotencySettings
        metrics: MetricsSettings
        openai: OpenAISettings
        redis: RedisSettings
        s3: S3Settings
        security: SecuritySettings
        sendgrid: SendGridSettings
        services: ServiceSettings
        stripe: StripeSettings
        twilio: TwilioSettings

    def __init__(self, service: str | None = None) -> None:
        self.service = service
        self._cache: dict[str, tuple[Settings, float, int]] = {}

    def __getattr__(self, name: str) -> Any:
        if name not in SECTIONS:
            msg = f"{type(self).__name__} has no section {name!r}: {', '.join(SECTIONS)}"
            raise AttributeError(msg)
        cached = self._cache.get(name)
        if cached is not None and not _may_be_stale(*cached):
            return cached[0]
        import ai_voice_shared.settings as package

        settings_class = cast("type[Settings]", getattr(package, SECTIONS[name]))
        # Before the secrets are read, so that a refresh in the meantime makes this section stale.
        now, generation = time.monotonic(), secrets_generation()
        settings = settings_class() if self.service is None else settings_class.for_service(self.service)
        self._cache[name] = settings, now, generation
        return settings

    def __repr__(self) -> str:
        return f"Config({self.service!r})"


def _may_be_stale(settings: Settings, read_at: float, generation: int) -> bool:
    if not settings.secret_references:
        return False
    return generation != secrets_generation() or time.monotonic() - read_at >= DEFAULT_MAX_AGE


@cache
def _config(service: str | None) -> Config:
    return Config(service)


def get_config(service: str | None = None) -> Config:
    """Return the settings of a service, the same object for each call.

    Parameters
    ----------
    service
        The service's name (`"my-service"`), whose variables (`MY_SERVICE_DATABASE_URL`) come before the plain ones
        (`DATABASE_URL`); without one, only the plain ones are read.

    Examples
    --------
    >>> config = get_config("my-service")
    >>> config.api.host
    '127.0.0.1'
    """
    return _config(service)


def reset_config() -> None:
    """Clear the cached settings, as after a restored snapshot or between tests; the next use reads them again."""
    _config.cache_clear()
