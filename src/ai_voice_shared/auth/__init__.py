"""Authentication: user tokens, passwords, and API keys between services."""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".api_keys": ("ApiKeyRecord", "NewApiKey", "generate_api_key", "hash_api_key"),
        ".default_tokens": (
            "create_access_token",
            "create_email_verification_token",
            "create_password_reset_token",
            "create_refresh_token",
            "decode_token",
            "get_email_from_token",
            "get_token_expiration",
            "get_user_id_from_token",
            "is_token_expired",
            "verify_token",
        ),
        ".event_handler": ("answer_auth_errors",),
        ".internal": ("InternalAuthManager", "ServiceIdentity"),
        ".passwords": (
            "PasswordHasher",
            "PasswordVerification",
            "hash_password",
            "validate_password",
            "verify_and_upgrade_password",
            "verify_password",
        ),
        ".public": ("PublicAuthManager", "TokenPair", "UserIdentity"),
        ".stores": ("ApiKeyStore", "DynamoDBApiKeyStore", "InMemoryApiKeyStore"),
        ".tokens": ("TokenManager", "TokenPurpose"),
    },
)
