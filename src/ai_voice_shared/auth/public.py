"""Users, known by their tokens."""

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
    """The user who is asking.

    Attributes
    ----------
    user_id : str
        Their id.
    email : str | None
        Their address, left out of `repr`.
    claims : Mapping[str, Any]
        All that the token says.
    """

    user_id: str
    email: str | None = field(default=None, repr=False)
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a login gives.

    Attributes
    ----------
    access_token, refresh_token : str
        The tokens.
    expires_in : int
        Seconds that the access token is good for.
    token_type : str
        How it is shown (RFC 6750).
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - a scheme, no password


class PublicAuthManager:
    """Gives tokens to users and tells users by them.

    Parameters
    ----------
    tokens
        Makes and checks the tokens; by default the process's manager, with the settings of the environment.

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
        """What makes and checks the tokens."""
        if self._tokens is None:
            from ai_voice_shared.auth.token_functions import default_token_manager

            # Not kept: the process's manager is made anew now and then, for rotated secrets.
            return default_token_manager()
        return self._tokens

    def create_tokens(
        self, *, user_id: str, email: str | None = None, claims: Mapping[str, Any] | None = None
    ) -> TokenPair:
        """Give a user who has logged in an access and a refresh token.

        Parameters
        ----------
        user_id, email
            The user.
        claims
            More for the access token to say.
        """
        tokens = self.tokens
        return TokenPair(
            tokens.create(TokenPurpose.ACCESS, user_id=user_id, email=email, claims=claims),
            tokens.create(TokenPurpose.REFRESH, user_id=user_id, email=email),
            tokens.ttl(TokenPurpose.ACCESS),
        )

    def refresh(self, refresh_token: str, *, claims: Mapping[str, Any] | None = None) -> TokenPair:
        """Give new tokens for a refresh token.

        Raises
        ------
        InvalidTokenError
            It is no good refresh token.
        """
        payload = self.tokens.decode(refresh_token, purpose=TokenPurpose.REFRESH)
        return self.create_tokens(user_id=payload["user_id"], email=payload.get("email"), claims=claims)

    def authenticate(self, access_token: str) -> UserIdentity:
        """Tell whose access token this is.

        Raises
        ------
        InvalidTokenError
            It is no good access token.
        """
        payload = self.tokens.decode(access_token, purpose=TokenPurpose.ACCESS)
        return UserIdentity(payload["user_id"], payload.get("email"), payload)

    def verify(self, access_token: str) -> UserIdentity | None:
        """Tell whose access token this is, or None where it is not good."""
        payload = self.tokens.verify(access_token)
        return None if payload is None else UserIdentity(payload["user_id"], payload.get("email"), payload)

    def dependency(self) -> Callable[..., UserIdentity]:
        """Give a function for Powertools' `Depends`: the user who is asking, by `Authorization: Bearer`."""
        from ai_voice_shared.auth.event_handler import bearer_token_of, dependency_on

        def asking_user(event: Any) -> UserIdentity:
            return self.authenticate(bearer_token_of(event))

        return dependency_on(asking_user, UserIdentity)

    def middleware(self) -> Middleware:
        """Give a middleware for Powertools' resolvers; the route finds the user in `app.context["user"]`."""
        from ai_voice_shared.auth.event_handler import bearer_token_of, middleware_on

        return middleware_on("user", lambda event: self.authenticate(bearer_token_of(event)))
