"""Tokens by plain functions, with the settings of the environment."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ai_voice_shared.auth.tokens import TokenManager, TokenPurpose
from ai_voice_shared.errors import ConfigurationError, InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "create_access_token",
    "create_email_verification_token",
    "create_password_reset_token",
    "create_refresh_token",
    "decode_token",
    "default_token_manager",
    "get_email_from_token",
    "get_token_expiration",
    "get_user_id_from_token",
    "is_token_expired",
    "verify_token",
]

_log = logging.getLogger(__name__)
_MAX_AGE = 300.0
_kept: dict[str, tuple[float, TokenManager]] = {}


def default_token_manager() -> TokenManager:
    """Give the process's manager. It is made anew every five minutes, so that a rotated secret comes in by itself.

    Raises
    ------
    ConfigurationError
        The secret is missing, unusable or cannot be fetched, and was not there before either.
    """
    now = time.monotonic()
    made_at, manager = _kept.get("manager", (0.0, None))
    if manager is not None and now - made_at < _MAX_AGE:
        return manager
    fresh = TokenManager()
    try:
        _ = fresh.settings
    except ConfigurationError:
        if manager is None:
            raise
        # The place of the secret cannot be asked now; the secrets of five minutes ago are most likely the same.
        _log.exception("the secrets of tokens could not be read again; those from before stay in use")
        fresh = manager
    _kept["manager"] = now, fresh
    return fresh


def create_access_token(
    *,
    user_id: str,
    email: str | None = None,
    expires_in: float | None = None,
    claims: Mapping[str, Any] | None = None,
) -> str:
    """Make the token that a user shows at every call.

    Parameters
    ----------
    user_id, email, expires_in, claims
        As for `TokenManager.create`.
    """
    return default_token_manager().create(
        TokenPurpose.ACCESS, user_id=user_id, email=email, expires_in=expires_in, claims=claims
    )


def create_refresh_token(*, user_id: str, email: str | None = None, expires_in: float | None = None) -> str:
    """Make the token that new access tokens are had for."""
    return default_token_manager().create(TokenPurpose.REFRESH, user_id=user_id, email=email, expires_in=expires_in)


def create_password_reset_token(*, user_id: str, email: str | None = None, expires_in: float | None = None) -> str:
    """Make the token of a link that lets its reader set a new password.

    It can be used until it expires: let the service remember its `jti`, or the time of the last change of the
    password, so that it works once.
    """
    return default_token_manager().create(
        TokenPurpose.PASSWORD_RESET, user_id=user_id, email=email, expires_in=expires_in
    )


def create_email_verification_token(*, user_id: str, email: str, expires_in: float | None = None) -> str:
    """Make the token of a link that proves that its reader gets the mail of this address."""
    return default_token_manager().create(
        TokenPurpose.EMAIL_VERIFICATION, user_id=user_id, email=email, expires_in=expires_in
    )


def decode_token(token: str, *, purpose: TokenPurpose | str = TokenPurpose.ACCESS) -> dict[str, Any]:
    """Check a token and give what it says.

    Parameters
    ----------
    token
        The token, without `Bearer`.
    purpose
        What it has to be good for.

    Raises
    ------
    ExpiredTokenError
        Its time is over.
    InvalidTokenError
        Anything else is wrong with it.
    """
    return default_token_manager().decode(token, purpose=TokenPurpose(purpose))


def verify_token(token: str, *, purpose: TokenPurpose | str = TokenPurpose.ACCESS) -> dict[str, Any] | None:
    """Give what a token says (`payload["user_id"]`), or None where anything is wrong with it."""
    return default_token_manager().verify(token, purpose=TokenPurpose(purpose))


def get_user_id_from_token(token: str, *, purpose: TokenPurpose | str = TokenPurpose.ACCESS) -> str | None:
    """Give the user of a good token, or None."""
    payload = verify_token(token, purpose=purpose)
    return None if payload is None else str(payload["user_id"])


def get_email_from_token(token: str, *, purpose: TokenPurpose | str = TokenPurpose.ACCESS) -> str | None:
    """Give the address in a good token, or None."""
    payload = verify_token(token, purpose=purpose)
    email = None if payload is None else payload.get("email")
    return email if isinstance(email, str) else None


def get_token_expiration(token: str, *, purpose: TokenPurpose | str = TokenPurpose.ACCESS) -> datetime | None:
    """Give the end of a token that is genuine, also where it lies in the past; None for any other."""
    try:
        payload = default_token_manager().decode(token, purpose=TokenPurpose(purpose), allow_expired=True)
    except InvalidTokenError:
        return None
    return datetime.fromtimestamp(payload["exp"], UTC)


def is_token_expired(token: str, *, purpose: TokenPurpose | str = TokenPurpose.ACCESS) -> bool:
    """Tell whether a token's time is over. One that is not genuine counts as expired."""
    end = get_token_expiration(token, purpose=purpose)
    return end is None or end <= datetime.now(UTC)
