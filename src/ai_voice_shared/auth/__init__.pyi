# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
from ai_voice_shared.auth.api_keys import ApiKeyRecord as ApiKeyRecord
from ai_voice_shared.auth.api_keys import NewApiKey as NewApiKey
from ai_voice_shared.auth.api_keys import generate_api_key as generate_api_key
from ai_voice_shared.auth.api_keys import hash_api_key as hash_api_key
from ai_voice_shared.auth.default_tokens import create_access_token as create_access_token
from ai_voice_shared.auth.default_tokens import create_email_verification_token as create_email_verification_token
from ai_voice_shared.auth.default_tokens import create_password_reset_token as create_password_reset_token
from ai_voice_shared.auth.default_tokens import create_refresh_token as create_refresh_token
from ai_voice_shared.auth.default_tokens import decode_token as decode_token
from ai_voice_shared.auth.default_tokens import get_email_from_token as get_email_from_token
from ai_voice_shared.auth.default_tokens import get_token_expiration as get_token_expiration
from ai_voice_shared.auth.default_tokens import get_user_id_from_token as get_user_id_from_token
from ai_voice_shared.auth.default_tokens import is_token_expired as is_token_expired
from ai_voice_shared.auth.default_tokens import verify_token as verify_token
from ai_voice_shared.auth.event_handler import answer_auth_errors as answer_auth_errors
from ai_voice_shared.auth.internal import InternalAuthManager as InternalAuthManager
from ai_voice_shared.auth.internal import ServiceIdentity as ServiceIdentity
from ai_voice_shared.auth.passwords import PasswordHasher as PasswordHasher
from ai_voice_shared.auth.passwords import PasswordVerification as PasswordVerification
from ai_voice_shared.auth.passwords import hash_password as hash_password
from ai_voice_shared.auth.passwords import validate_password as validate_password
from ai_voice_shared.auth.passwords import verify_and_upgrade_password as verify_and_upgrade_password
from ai_voice_shared.auth.passwords import verify_password as verify_password
from ai_voice_shared.auth.public import PublicAuthManager as PublicAuthManager
from ai_voice_shared.auth.public import TokenPair as TokenPair
from ai_voice_shared.auth.public import UserIdentity as UserIdentity
from ai_voice_shared.auth.stores import ApiKeyStore as ApiKeyStore
from ai_voice_shared.auth.stores import DynamoDBApiKeyStore as DynamoDBApiKeyStore
from ai_voice_shared.auth.stores import InMemoryApiKeyStore as InMemoryApiKeyStore
from ai_voice_shared.auth.tokens import TokenManager as TokenManager
from ai_voice_shared.auth.tokens import TokenPurpose as TokenPurpose

__all__ = [
    "ApiKeyRecord",
    "ApiKeyStore",
    "DynamoDBApiKeyStore",
    "InMemoryApiKeyStore",
    "InternalAuthManager",
    "NewApiKey",
    "PasswordHasher",
    "PasswordVerification",
    "PublicAuthManager",
    "ServiceIdentity",
    "TokenManager",
    "TokenPair",
    "TokenPurpose",
    "UserIdentity",
    "answer_auth_errors",
    "create_access_token",
    "create_email_verification_token",
    "create_password_reset_token",
    "create_refresh_token",
    "decode_token",
    "generate_api_key",
    "get_email_from_token",
    "get_token_expiration",
    "get_user_id_from_token",
    "hash_api_key",
    "hash_password",
    "is_token_expired",
    "validate_password",
    "verify_and_upgrade_password",
    "verify_password",
    "verify_token",
]
