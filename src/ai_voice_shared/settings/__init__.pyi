# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
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
from ai_voice_shared.settings.gcp import GCPSettings as GCPSettings
from ai_voice_shared.settings.idempotency import IdempotencySettings as IdempotencySettings
from ai_voice_shared.settings.metrics import MetricsSettings as MetricsSettings
from ai_voice_shared.settings.openai import OpenAISettings as OpenAISettings
from ai_voice_shared.settings.plain_values import get_api_config as get_api_config
from ai_voice_shared.settings.plain_values import get_database_url as get_database_url
from ai_voice_shared.settings.plain_values import get_gcp_config as get_gcp_config
from ai_voice_shared.settings.plain_values import get_openai_config as get_openai_config
from ai_voice_shared.settings.plain_values import get_redis_url as get_redis_url
from ai_voice_shared.settings.plain_values import get_sendgrid_config as get_sendgrid_config
from ai_voice_shared.settings.plain_values import get_stripe_config as get_stripe_config
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

__all__ = [
    "AgentSettings",
    "ApiKeySettings",
    "ApiSettings",
    "ChassisSettings",
    "Config",
    "CustomerLookupSettings",
    "DatabaseSettings",
    "EventSettings",
    "GCPSettings",
    "IdempotencySettings",
    "MetricsSettings",
    "OpenAISettings",
    "RedisSettings",
    "S3Settings",
    "SecuritySettings",
    "SendGridSettings",
    "ServiceSettings",
    "Settings",
    "StripeSettings",
    "TwilioSettings",
    "get_api_config",
    "get_config",
    "get_database_url",
    "get_gcp_config",
    "get_openai_config",
    "get_redis_url",
    "get_secret",
    "get_sendgrid_config",
    "get_stripe_config",
    "refresh_secrets",
    "reset_config",
    "with_secret_refresh",
]
