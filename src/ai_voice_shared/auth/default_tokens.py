"""Token functions on the process's default manager, with the settings of the environment."""

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
_cache: dict[str, tuple[float, TokenManager]] = {}


def default_token_manager() -> TokenManager:
    """Return the process's manager. It is recreated every five minutes, to pick up rotated secrets.

    Raises
    ------
    ConfigurationError
        The secret is missing, invalid or cannot be fetched, and no earlier manager exists.
    """
    now = time.monotonic()
    created_at, manager = _cache.get("manager", (0.0, None))
    if manager is not None and now - created_at < _MAX_AGE:
        return manager
    fresh = TokenManager()
    try:
        _ = fresh.settings
    except ConfigurationError:
        if manager is None:
            raise
        # The secret store is unavailable; the secrets of five minutes ago are most likely still current.
        _log.exception("failed to refresh the token secrets; the previous ones stay in use")
        fresh = manager
    _cache["manager"] = now, fresh
    return fresh


def create_access_token(
    *,
    user_id: str,
    email: str | None = None,
    expires_in: float | None = None,
    claims: Mapping[str, Any] | None = None,
) -> str:
    """Create the token that authenticates a user's requests.

    Parameters
    ----------
    user_id, email, expires_in, claims
        As for `TokenManager.create`.
    """
    return default_token_manager().create(
        TokenPurpose.ACCESS, user_id=user_id, email=email, expires_in=expires_in, claims=claims
    )


def create_refresh_token(*, user_id: str, email: str | None = None, expires_in: float | None = None) -> str:
    """Create the token that is exchanged for new access tokens."""
    return default_token_manager().create(TokenPurpose.REFRESH, user_id=user_id, email=email, expires_in=expires_in)


def create_password_reset_token(*, user_id: str, email: str | None = None, expires_in: float | None = None) -> str:
    """Create the token of a link for setting a new password.

    It can be used until it expires. To accept it only once, store its `jti`, or the time of the last password change,
    in the service.
    """
    return default_token_manager().create(
        TokenPurpose.PASSWORD_RESET, user_id=user_id, email=email, expires_in=expires_in
    )


def create_email_verification_token(*, user_id: str, email: str, expires_in: float | None = None) -> str:
    """Create the token of a link that verifies an email address."""
    return default_token_manager().create(
        TokenPurpose.EMAIL_VERIFICATION, user_id=user_id, email=email, expires_in=expires_in
    )


def decode_token(token: str, *, purpose: TokenPurpose | str = TokenPurpose.ACCESS) -> dict[str, Any]:
    """Verify a token and return its claims.

    Parameters
    ----------
    token
        The token, without `Bearer`.
    purpose
        The required purpose.

    Raises
    ------
    ExpiredTokenError
        The token is expired.
    InvalidTokenError
        The token is invalid in any other way.
    """
    return default_token_manager().decode(token, purpose=TokenPurpose(purpose))


def verify_token(token: str, *, purpose: TokenPurpose | str = TokenPurpose.ACCESS) -> dict[str, Any] | None:
    """Return the claims of a token (`payload["user_id"]`), or None where it is not valid."""
    return default_token_manager().verify(token, purpose=TokenPurpose(purpose))


def get_user_id_from_token(token: str, *, purpose: TokenPurpose | str = TokenPurpose.ACCESS) -> str | None:
    """Return the user id of a token, or None where the token is not valid."""
    payload = verify_token(token, purpose=purpose)
    return None if payload is None else str(payload["user_id"])


def get_email_from_token(token: str, *, purpose: TokenPurpose | str = TokenPurpose.ACCESS) -> str | None:
    """Return the email address of a token, or None where the token is not valid or has none."""
    payload = verify_token(token, purpose=purpose)
    email = None if payload is None else payload.get("email")
    return email if isinstance(email, str) else None


def get_token_expiration(token: str, *, purpose: TokenPurpose | str = TokenPurpose.ACCESS) -> datetime | None:
    """Return the expiration time of a genuine token, expired or not, or None for any other token."""
    try:
        payload = default_token_manager().decode(token, purpose=TokenPurpose(purpose), allow_expired=True)
    except InvalidTokenError:
        return None
    return datetime.fromtimestamp(payload["exp"], UTC)


def is_token_expired(token: str, *, purpose: TokenPurpose | str = TokenPurpose.ACCESS) -> bool:
    """Return whether a token is expired. A token that is not genuine counts as expired."""
    end = get_token_expiration(token, purpose=purpose)
    return end is None or end <= datetime.now(UTC)
