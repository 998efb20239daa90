"""Settings of tokens, passwords and API keys. No secret has a default."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationInfo, field_validator

from ai_voice_shared.settings.base import Settings, required

__all__ = ["ApiKeySettings", "SecuritySettings"]

_MIN_DISTINCT = 8
# RFC 7518, section 3.2: a key must have at least the size of the hash.
_MIN_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}


class SecuritySettings(Settings):
    """How tokens are signed and verified, how long they live, and the rules for new passwords.

    Rotate a secret in three deployments: add the new secret after the current one, so that every function accepts
    it; put it first, so that it signs; remove the old secret once every token signed with it has expired.

    Examples
    --------
    >>> settings = SecuritySettings(jwt_secrets=["k3J9-this-is-only-an-example-of-32-bytes"])
    >>> settings.jwt_algorithm, settings.access_token_ttl
    ('HS256', 1800)
    """

    env_prefix: ClassVar[str] = ""

    jwt_algorithm: Literal["HS256", "HS384", "HS512"] = Field(
        default="HS256", description="The algorithm that signs tokens, and the only one that is accepted."
    )
    jwt_secrets: tuple[SecretStr, ...] = required(
        min_length=1,
        validation_alias=AliasChoices("JWT_SECRETS", "JWT_SECRET_KEY", "JWT_SECRET"),
        description="Secrets, the signing one first; at least 32 random bytes each (HS256).",
    )
    jwt_issuer: str = Field(default="ai-voice-tool", min_length=1, description="`iss` of the tokens.")
    jwt_audience: str = Field(default="ai-voice-tool", min_length=1, description="`aud` of the tokens.")
    jwt_leeway: int = Field(default=10, ge=0, le=120, description="Seconds that two clocks may differ.")
    access_token_ttl: int = Field(default=1800, gt=0, description="Seconds that an access token is valid.")
    refresh_token_ttl: int = Field(
        default=1_209_600, gt=0, description="Seconds that a refresh token is valid (14 days)."
    )
    password_reset_token_ttl: int = Field(
        default=3600, gt=0, description="Seconds that a password-reset token is valid."
    )
    email_verification_token_ttl: int = Field(
        default=86_400, gt=0, description="Seconds that an e-mail verification token is valid."
    )
    password_min_length: int = Field(default=12, ge=8, description="Minimum characters of a new password.")
    password_require_upper: bool = Field(default=False, description="Require an upper-case letter.")
    password_require_lower: bool = Field(default=False, description="Require a lower-case letter.")
    password_require_digit: bool = Field(default=False, description="Require a digit.")
    password_require_special: bool = Field(default=False, description="Require a special character.")

    @field_validator("jwt_secrets")
    @classmethod
    def _check_strength(cls, secrets: tuple[SecretStr, ...], info: ValidationInfo) -> tuple[SecretStr, ...]:
        least = _MIN_BYTES[info.data.get("jwt_algorithm", "HS512")]
        for secret in secrets:
            text = secret.get_secret_value()
            if len(text.encode()) < least or len(set(text)) < _MIN_DISTINCT:
                msg = f"each secret needs at least {least} random bytes"
                raise ValueError(msg)
            if "-----BEGIN " in text or text.startswith("ssh-"):
                # Anyone with the public key could sign: the known confusion of RS256 and HS256.
                msg = "a key pair is not a secret: use random bytes"
                raise ValueError(msg)
        return secrets


class ApiKeySettings(Settings):
    """Where the API keys between services are stored.

    Examples
    --------
    >>> ApiKeySettings(table="voice").cache_ttl
    60.0
    """

    env_prefix: ClassVar[str] = "API_KEYS_"

    table: str = required(min_length=3, description="DynamoDB table with the string keys `pk` and `sk`.")
    region: str | None = Field(
        default=None,
        validation_alias=AliasChoices("API_KEYS_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
        description="The table's region; Lambda sets AWS_REGION.",
    )
    cache_ttl: float = Field(
        default=60.0, ge=0, description="Seconds that a key is cached, and so may be accepted after its revocation."
    )
