"""What comes from the environment: one typed class for each concern, read when it is made and frozen then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.settings.agent import AgentSettings as AgentSettings
    from ai_voice_shared.settings.api import ApiSettings as ApiSettings
    from ai_voice_shared.settings.base import Settings as Settings
    from ai_voice_shared.settings.chassis import ChassisSettings as ChassisSettings
    from ai_voice_shared.settings.config import Config as Config
    from ai_voice_shared.settings.config import get_config as get_config
    from ai_voice_shared.settings.config import reset_config as reset_config
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings as CustomerLookupSettings
    from ai_voice_shared.settings.database import DatabaseSettings as DatabaseSettings
    from ai_voice_shared.settings.events import EventSettings as EventSettings
    from ai_voice_shared.settings.functions import get_api_config as get_api_config
    from ai_voice_shared.settings.functions import get_database_url as get_database_url
    from ai_voice_shared.settings.functions import get_gcp_config as get_gcp_config
    from ai_voice_shared.settings.functions import get_openai_config as get_openai_config
    from ai_voice_shared.settings.functions import get_redis_url as get_redis_url
    from ai_voice_shared.settings.functions import get_sendgrid_config as get_sendgrid_config
    from ai_voice_shared.settings.functions import get_stripe_config as get_stripe_config
    from ai_voice_shared.settings.gcp import GCPSettings as GCPSettings
    from ai_voice_shared.settings.idempotency import IdempotencySettings as IdempotencySettings
    from ai_voice_shared.settings.metrics import MetricsSettings as MetricsSettings
    from ai_voice_shared.settings.openai import OpenAISettings as OpenAISettings
    from ai_voice_shared.settings.redis import RedisSettings as RedisSettings
    from ai_voice_shared.settings.s3 import S3Settings as S3Settings
    from ai_voice_shared.settings.secrets import get_secret as get_secret
    from ai_voice_shared.settings.secrets import refresh_secrets as refresh_secrets
    from ai_voice_shared.settings.secrets import with_secret_refresh as with_secret_refresh
    from ai_voice_shared.settings.security import ApiKeySettings as ApiKeySettings
    from ai_voice_shared.settings.security import SecuritySettings as SecuritySettings
    from ai_voice_shared.settings.sendgrid import SendGridSettings as SendGridSettings
    from ai_voice_shared.settings.services import ServiceSettings as ServiceSettings
    from ai_voice_shared.settings.stripe import StripeSettings as StripeSettings
    from ai_voice_shared.settings.twilio import TwilioSettings as TwilioSettings

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "AgentSettings": ".agent",
        "ApiKeySettings": ".security",
        "ApiSettings": ".api",
        "ChassisSettings": ".chassis",
        "Config": ".config",
        "CustomerLookupSettings": ".customer_lookup",
        "DatabaseSettings": ".database",
        "EventSettings": ".events",
        "GCPSettings": ".gcp",
        "IdempotencySettings": ".idempotency",
        "MetricsSettings": ".metrics",
        "OpenAISettings": ".openai",
        "RedisSettings": ".redis",
        "S3Settings": ".s3",
        "SecuritySettings": ".security",
        "SendGridSettings": ".sendgrid",
        "ServiceSettings": ".services",
        "Settings": ".base",
        "StripeSettings": ".stripe",
        "TwilioSettings": ".twilio",
        "get_api_config": ".functions",
        "get_config": ".config",
        "get_database_url": ".functions",
        "get_gcp_config": ".functions",
        "get_openai_config": ".functions",
        "get_redis_url": ".functions",
        "get_secret": ".secrets",
        "get_sendgrid_config": ".functions",
        "get_stripe_config": ".functions",
        "refresh_secrets": ".secrets",
        "reset_config": ".config",
        "with_secret_refresh": ".secrets",
    },
)
