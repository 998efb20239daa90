"""Settings from the environment: one typed, frozen class for each concern, read when it is created."""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".agent": ("AgentSettings",),
        ".api": ("ApiSettings",),
        ".base": ("Settings",),
        ".chassis": ("ChassisSettings",),
        ".config": ("Config", "get_config", "reset_config"),
        ".customer_lookup": ("CustomerLookupSettings",),
        ".database": ("DatabaseSettings",),
        ".events": ("EventSettings",),
        ".gcp": ("GCPSettings",),
        ".idempotency": ("IdempotencySettings",),
        ".metrics": ("MetricsSettings",),
        ".openai": ("OpenAISettings",),
        ".plain_values": (
            "get_api_config",
            "get_database_url",
            "get_gcp_config",
            "get_openai_config",
            "get_redis_url",
            "get_sendgrid_config",
            "get_stripe_config",
        ),
        ".redis": ("RedisSettings",),
        ".s3": ("S3Settings",),
        ".secrets": ("get_secret", "refresh_secrets", "with_secret_refresh"),
        ".security": ("ApiKeySettings", "SecuritySettings"),
        ".sendgrid": ("SendGridSettings",),
        ".services": ("ServiceSettings",),
        ".stripe": ("StripeSettings",),
        ".twilio": ("TwilioSettings",),
    },
)
