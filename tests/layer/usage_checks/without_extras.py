"""The names that need the extras layer: each with its extra, and a call that must fail without it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NEED_EXTRAS", "messages"]

_TOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"
_HASH = "$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27ag"


def _tokens(name: str, *arguments: Any, **named: Any) -> Callable[[], Any]:
    def call() -> Any:
        from ai_voice_shared import auth

        return getattr(auth, name)(*arguments, **named)

    return call


def _utils(name: str, *arguments: Any) -> Callable[[], Any]:
    def call() -> Any:
        from ai_voice_shared import utils

        return getattr(utils, name)(*arguments)

    return call


def _manager() -> Any:
    from ai_voice_shared.auth import PublicAuthManager

    return PublicAuthManager().create_tokens(user_id="123")


def _default_manager() -> Any:
    from ai_voice_shared.auth.default_tokens import default_token_manager

    return default_token_manager().verify(_TOKEN)


def _token_manager() -> Any:
    from ai_voice_shared.auth import TokenManager, TokenPurpose
    from ai_voice_shared.settings import SecuritySettings

    return TokenManager(SecuritySettings()).create(TokenPurpose.ACCESS, user_id="123")


def _hasher() -> Any:
    from ai_voice_shared.auth import PasswordHasher

    return PasswordHasher().hash("correct horse")


NEED_EXTRAS: dict[str, tuple[str, Callable[[], Any]]] = {
    "PublicAuthManager": ("auth", _manager),
    "auth.PasswordHasher": ("auth", _hasher),
    "auth.TokenManager": ("auth", _token_manager),
    "auth.create_access_token": ("auth", _tokens("create_access_token", user_id="123")),
    "auth.create_email_verification_token": (
        "auth",
        _tokens("create_email_verification_token", user_id="123", email="user@example.com"),
    ),
    "auth.create_password_reset_token": ("auth", _tokens("create_password_reset_token", user_id="123")),
    "auth.create_refresh_token": ("auth", _tokens("create_refresh_token", user_id="123")),
    "auth.decode_token": ("auth", _tokens("decode_token", _TOKEN)),
    "auth.get_email_from_token": ("auth", _tokens("get_email_from_token", _TOKEN)),
    "auth.get_token_expiration": ("auth", _tokens("get_token_expiration", _TOKEN)),
    "auth.get_user_id_from_token": ("auth", _tokens("get_user_id_from_token", _TOKEN)),
    "auth.hash_password": ("auth", _tokens("hash_password", "correct horse")),
    "auth.is_token_expired": ("auth", _tokens("is_token_expired", _TOKEN)),
    "auth.default_tokens.default_token_manager": ("auth", _default_manager),
    "auth.verify_and_upgrade_password": ("auth", _tokens("verify_and_upgrade_password", "correct horse", _HASH)),
    "auth.verify_password": ("auth", _tokens("verify_password", "correct horse", _HASH)),
    "auth.verify_token": ("auth", _tokens("verify_token", _TOKEN)),
    "utils.is_valid_email": ("validation", _utils("is_valid_email", "user@example.com")),
    "utils.is_valid_phone": ("validation", _utils("is_valid_phone", "+61400000000")),
    "utils.normalize_email": ("validation", _utils("normalize_email", "user@example.com")),
    "utils.normalize_phone": ("validation", _utils("normalize_phone", "+61400000000")),
}
"""All other names must work with the core layer only."""


def messages() -> dict[str, str]:
    """Return the message of each call's error, or its other outcome."""
    from ai_voice_shared.errors import MissingExtraError

    os.environ["JWT_SECRETS"] = "a secret of this check that is long enough"
    found = {}
    for name, (_, call) in NEED_EXTRAS.items():
        try:
            result = call()
        except MissingExtraError as error:
            found[name] = str(error)
        except Exception as error:  # noqa: BLE001 - the test judges it
            found[name] = f"raised {type(error).__name__}: {error}"
        else:
            found[name] = f"returned {result!r}"
    return found
