"""Settings of Stripe."""

from __future__ import annotations

from typing import ClassVar

from pydantic import SecretStr

from ai_voice_shared.settings.base import Settings, fallback, required

__all__ = ["StripeSettings"]


class StripeSettings(Settings):
    """Stripe's keys.

    Examples
    --------
    >>> StripeSettings(secret_key="sk_test_1", publishable_key="pk_test_1", webhook_secret="whsec_1").publishable_key
    'pk_test_1'
    """

    env_prefix: ClassVar[str] = "STRIPE_"

    secret_key: SecretStr = required(description="Secret or restricted key (sk_..., rk_...).")
    publishable_key: str | None = fallback(None, "browsers get no key", description="Publishable key (pk_...).")
    webhook_secret: SecretStr | None = fallback(
        None, "webhooks cannot be verified", description="Signing secret of the webhook endpoint (whsec_...)."
    )
