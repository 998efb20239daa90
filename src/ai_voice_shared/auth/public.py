"""Authentication of users by their tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ai_voice_shared.auth.tokens import TokenManager, TokenPurpose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ai_voice_shared.auth.event_handler import Middleware

__all__ = ["PublicAuthManager", "TokenPair", "UserIdentity"]


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """The identity of an authenticated user.

    Attributes
    ----------
    user_id : str
        The user's id.
    email : str | None
        The user's email address, left out of `repr`.
    claims : Mapping[str, Any]
        All claims of the token.
    """

    user_id: str
    email: str | None = field(default=None, repr=False)
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The tokens issued at login.

    Attributes
    ----------
    access_token, refresh_token : str
        The tokens.
    expires_in : int
        The lifetime of the access token, in seconds.
    token_type : str
        The token type (RFC 6750).
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - a scheme, not a password


class PublicAuthManager:
    """Manager that issues tokens to users and authenticates users by them.

    Parameters
    ----------
    tokens
        Creates and verifies the tokens; by default the process's manager, with the settings of the environment.

    Examples
    --------
    >>> from ai_voice_shared.auth import PublicAuthManager, TokenManager
    >>> from ai_voice_shared.settings import SecuritySettings
    >>> settings = SecuritySettings(jwt_secrets=["k3J9-this-is-only-an-example-of-32-bytes"])
    >>> manager = PublicAuthManager(TokenManager(settings))
    >>> pair = manager.create_tokens(user_id="123", email="user@example.com")
    >>> manager.authenticate(pair.access_token).user_id
    '123'
    """

    def __init__(self, tokens: TokenManager | None = None) -> None:
        self._tokens = tokens

    @property
    def tokens(self) -> TokenManager:
        """The token manager."""
        if self._tokens is None:
            from ai_voice_shared.auth.default_tokens import default_token_manager

            # Not stored here: the process's manager is recreated regularly, to pick up rotated secrets.
            return default_token_manager()
        return self._tokens

    def create_tokens(
        self, *, user_id: str, email: str | None = None, claims: Mapping[str, Any] | None = None
    ) -> TokenPair:
        """Create an access and a refresh token for a user who has logged in.

        Parameters
        ----------
        user_id, email
            The user.
        claims
            Additional claims of the access token.
        """
        tokens = self.tokens
        return TokenPair(
            tokens.create(TokenPurpose.ACCESS, user_id=user_id, email=email, claims=claims),
            tokens.create(TokenPurpose.REFRESH, user_id=user_id, email=email),
            tokens.ttl(TokenPurpose.ACCESS),
        )

    def refresh(self, refresh_token: str, *, claims: Mapping[str, Any] | None = None) -> TokenPair:
        """Create new tokens for a refresh token.

        Raises
        ------
        InvalidTokenError
            It is not a valid refresh token.
        """
        payload = self.tokens.decode(refresh_token, purpose=TokenPurpose.REFRESH)
        return self.create_tokens(user_id=payload["user_id"], email=payload.get("email"), claims=claims)

    def authenticate(self, access_token: str) -> UserIdentity:
        """Return the user of an access token.

        Raises
        ------
        InvalidTokenError
            It is not a valid access token.
        """
        payload = self.tokens.decode(access_token, purpose=TokenPurpose.ACCESS)
        return UserIdentity(payload["user_id"], payload.get("email"), payload)

    def verify(self, access_token: str) -> UserIdentity | None:
        """Return the user of an access token, or None where the token is not valid."""
        payload = self.tokens.verify(access_token)
        return None if payload is None else UserIdentity(payload["user_id"], payload.get("email"), payload)

    def dependency(self) -> Callable[..., UserIdentity]:
        """Return a function for Powertools' `Depends` that authenticates the user by `Authorization: Bearer`."""
        from ai_voice_shared.auth.event_handler import get_bearer_token, make_dependency

        def authenticate_user(event: Any) -> UserIdentity:
            return self.authenticate(get_bearer_token(event))

        return make_dependency(authenticate_user, UserIdentity)

    def middleware(self) -> Middleware:
        """Return a middleware for Powertools' resolvers that sets `app.context["user"]` for the route."""
        from ai_voice_shared.auth.event_handler import get_bearer_token, make_middleware

        return make_middleware("user", lambda event: self.authenticate(get_bearer_token(event)))
