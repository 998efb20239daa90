"""Who is asking: tokens of users, passwords, and API keys between services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.auth.api_keys import ApiKeyRecord as ApiKeyRecord
    from ai_voice_shared.auth.api_keys import NewApiKey as NewApiKey
    from ai_voice_shared.auth.api_keys import generate_api_key as generate_api_key
    from ai_voice_shared.auth.api_keys import hash_api_key as hash_api_key
    from ai_voice_shared.auth.event_handler import answer_auth_errors as answer_auth_errors
    from ai_voice_shared.auth.internal import InternalAuthManager as InternalAuthManager
    from ai_voice_shared.auth.internal import ServiceIdentity as ServiceIdentity
    from ai_voice_shared.auth.passwords import PasswordHasher as PasswordHasher
    from ai_voice_shared.auth.passwords import PasswordVerification as PasswordVerification
    from ai_voice_shared.auth.passwords import hash_password as hash_password
    from ai_voice_shared.auth.passwords import require_good_password as require_good_password
    from ai_voice_shared.auth.passwords import verify_and_upgrade_password as verify_and_upgrade_password
    from ai_voice_shared.auth.passwords import verify_password as verify_password
    from ai_voice_shared.auth.public import PublicAuthManager as PublicAuthManager
    from ai_voice_shared.auth.public import TokenPair as TokenPair
    from ai_voice_shared.auth.public import UserIdentity as UserIdentity
    from ai_voice_shared.auth.stores import ApiKeyStore as ApiKeyStore
    from ai_voice_shared.auth.stores import DynamoDBApiKeyStore as DynamoDBApiKeyStore
    from ai_voice_shared.auth.stores import InMemoryApiKeyStore as InMemoryApiKeyStore
    from ai_voice_shared.auth.token_functions import create_access_token as create_access_token
    from ai_voice_shared.auth.token_functions import create_email_verification_token as create_email_verification_token
    from ai_voice_shared.auth.token_functions import create_password_reset_token as create_password_reset_token
    from ai_voice_shared.auth.token_functions import create_refresh_token as create_refresh_token
    from ai_voice_shared.auth.token_functions import decode_token as decode_token
    from ai_voice_shared.auth.token_functions import get_email_from_token as get_email_from_token
    from ai_voice_shared.auth.token_functions import get_token_expiration as get_token_expiration
    from ai_voice_shared.auth.token_functions import get_user_id_from_token as get_user_id_from_token
    from ai_voice_shared.auth.token_functions import is_token_expired as is_token_expired
    from ai_voice_shared.auth.token_functions import verify_token as verify_token
    from ai_voice_shared.auth.tokens import TokenManager as TokenManager
    from ai_voice_shared.auth.tokens import TokenPurpose as TokenPurpose

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "ApiKeyRecord": ".api_keys",
        "ApiKeyStore": ".stores",
        "DynamoDBApiKeyStore": ".stores",
        "InMemoryApiKeyStore": ".stores",
        "InternalAuthManager": ".internal",
        "NewApiKey": ".api_keys",
        "PasswordHasher": ".passwords",
        "PasswordVerification": ".passwords",
        "PublicAuthManager": ".public",
        "ServiceIdentity": ".internal",
        "TokenManager": ".tokens",
        "TokenPair": ".public",
        "TokenPurpose": ".tokens",
        "UserIdentity": ".public",
        "answer_auth_errors": ".event_handler",
        "create_access_token": ".token_functions",
        "create_email_verification_token": ".token_functions",
        "create_password_reset_token": ".token_functions",
        "create_refresh_token": ".token_functions",
        "decode_token": ".token_functions",
        "generate_api_key": ".api_keys",
        "get_email_from_token": ".token_functions",
        "get_token_expiration": ".token_functions",
        "get_user_id_from_token": ".token_functions",
        "hash_api_key": ".api_keys",
        "hash_password": ".passwords",
        "is_token_expired": ".token_functions",
        "require_good_password": ".passwords",
        "verify_and_upgrade_password": ".passwords",
        "verify_password": ".passwords",
        "verify_token": ".token_functions",
    },
)
