"""Signed user tokens, each for one purpose.

PyJWT does the signing. Powertools' `auth_alpha` verifies tokens of an identity provider by its public keys, but neither
signs nor accepts symmetric keys; the tokens here are issued and verified by our own services.
https://www.rfc-editor.org/rfc/rfc8725 (JWT best practices)
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import ExpiredTokenError, InvalidTokenError, MissingExtraError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from ai_voice_shared.settings.security import SecuritySettings

__all__ = ["MAX_TOKEN_BYTES", "TokenManager", "TokenPurpose"]

MAX_TOKEN_BYTES = 8192
"""A longer token is refused before it is parsed; tokens of this package have a few hundred bytes."""

_REQUIRED = ["aud", "exp", "iat", "iss", "jti", "nbf", "purpose", "sub", "user_id"]
_RESERVED = frozenset({*_REQUIRED, "email"})


class TokenPurpose(StrEnum):
    """The purpose of a token. A token is refused for any other purpose."""

    ACCESS = "access"
    REFRESH = "refresh"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a purpose, not a password
    EMAIL_VERIFICATION = "email_verification"


class TokenManager:
    """Issuer and verifier of tokens, configured by the settings.

    The key id of a secret is derived from the secret, so a token names the secret that signed it, and no id has to be
    configured along with the secret.

    Parameters
    ----------
    settings
        By default read from the environment on first use.
    clock
        Returns seconds since 1970, for the times in new tokens.

    Examples
    --------
    >>> from ai_voice_shared.settings import SecuritySettings
    >>> manager = TokenManager(SecuritySettings(jwt_secrets=["k3J9-this-is-only-an-example-of-32-bytes"]))
    >>> token = manager.create(TokenPurpose.REFRESH, user_id="123")
    >>> manager.decode(token, purpose=TokenPurpose.REFRESH)["user_id"]
    '123'
    >>> manager.verify(token, purpose=TokenPurpose.ACCESS) is None
    True
    """

    def __init__(self, settings: SecuritySettings | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._keys: dict[str, bytes] = {}

    @property
    def settings(self) -> SecuritySettings:
        """The settings, read on first use."""
        if self._settings is None:
            from ai_voice_shared.settings.security import SecuritySettings

            self._settings = SecuritySettings()
        return self._settings

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the configured secrets, the signing one first."""
        return tuple(self._secrets())

    def ttl(self, purpose: TokenPurpose) -> int:
        """Return the lifetime of tokens of this purpose, in seconds."""
        seconds: int = getattr(self.settings, f"{TokenPurpose(purpose)}_token_ttl")
        return seconds

    def create(
        self,
        purpose: TokenPurpose,
        *,
        user_id: str,
        email: str | None = None,
        expires_in: float | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """Create a token.

        Parameters
        ----------
        purpose
            The token's purpose.
        user_id
            The user's id.
        email
            The user's email address. A token is signed, not encrypted: its holder can read it.
        expires_in
            The lifetime in seconds; by default that of the purpose in the settings.
        claims
            Additional claims; the names that the package sets itself are refused.

        Raises
        ------
        ValidationError
            The user's id is empty, or a claim has a reserved name.
        MissingExtraError
            The extra `auth` is not installed.
        """
        jwt = _import_pyjwt()
        reserved = sorted(_RESERVED & set(claims or {}))
        if reserved or not user_id:
            msg = f"these claims are set by the package: {', '.join(reserved)}" if reserved else "user_id is empty"
            raise ValidationError(msg)
        now = int(self._clock())
        payload = {
            **(claims or {}),
            "iss": self.settings.jwt_issuer,
            "aud": self.settings.jwt_audience,
            "sub": user_id,
            "user_id": user_id,
            "purpose": str(TokenPurpose(purpose)),
            "iat": now,
            "nbf": now,
            "exp": now + int(self.ttl(purpose) if expires_in is None else expires_in),
            "jti": secrets.token_urlsafe(16),
        }
        if email is not None:
            payload["email"] = email
        key_id, key = next(iter(self._secrets().items()))
        token: str = jwt.encode(payload, key, algorithm=self.settings.jwt_algorithm, headers={"kid": key_id})
        return token

    def decode(
        self, token: str, *, purpose: TokenPurpose = TokenPurpose.ACCESS, allow_expired: bool = False
    ) -> dict[str, Any]:
        """Verify a token and return its claims.

        Parameters
        ----------
        token
            The token, without `Bearer`.
        purpose
            The required purpose.
        allow_expired
            Accept an expired token, to read its expiration time. Never use this to authenticate a caller.

        Raises
        ------
        ExpiredTokenError
            The token is expired.
        InvalidTokenError
            The token is invalid in any other way; `reason` is a code for it.
        MissingExtraError
            The extra `auth` is not installed.
        """
        jwt = _import_pyjwt()
        if not isinstance(token, str) or not token.isascii():
            msg = "the token is not a valid JWT"
            raise InvalidTokenError(msg, reason="malformed")
        if len(token) > MAX_TOKEN_BYTES:
            msg = f"the token has more than {MAX_TOKEN_BYTES} bytes"
            raise InvalidTokenError(msg, reason="oversized")
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != self.settings.jwt_algorithm:
                raise jwt.InvalidAlgorithmError
            key = self._secrets().get(header.get("kid", ""))
            if key is None:
                msg = "the token's key id is unknown"
                raise InvalidTokenError(msg, reason="unknown_key")
            payload: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[self.settings.jwt_algorithm],
                audience=self.settings.jwt_audience,
                issuer=self.settings.jwt_issuer,
                leeway=self.settings.jwt_leeway,
                options={
                    "require": _REQUIRED,
                    "strict_aud": True,
                    "enforce_minimum_key_length": True,
                    "verify_exp": not allow_expired,
                },
            )
        except jwt.ExpiredSignatureError:
            raise ExpiredTokenError from None
        except jwt.PyJWTError as error:
            # Not chained: a decoding error holds parts of the token.
            raise InvalidTokenError(reason=_classify_error(jwt, error)) from None
        if payload["purpose"] != purpose:
            msg = f"the token is not for {purpose}"
            raise InvalidTokenError(msg, reason="wrong_purpose")
        return payload

    def verify(self, token: str, *, purpose: TokenPurpose = TokenPurpose.ACCESS) -> dict[str, Any] | None:
        """Return the claims of a token, or None where it is not valid."""
        try:
            return self.decode(token, purpose=purpose)
        except InvalidTokenError:
            return None

    def _secrets(self) -> Mapping[str, bytes]:
        if not self._keys:
            values = (secret.get_secret_value().encode() for secret in self.settings.jwt_secrets)
            self._keys = {_derive_key_id(value): value for value in values}
        return self._keys


def _derive_key_id(secret: bytes) -> str:
    # 64 bits distinguish the secrets, and reveal nothing about a secret of 32 random bytes.
    return hmac.new(secret, b"ai_voice_shared key id", hashlib.sha256).hexdigest()[:16]


def _classify_error(jwt: ModuleType, error: Exception) -> str:
    reasons = (
        (jwt.InvalidSignatureError, "bad_signature"),
        (jwt.InvalidAudienceError, "wrong_audience"),
        (jwt.InvalidIssuerError, "wrong_issuer"),
        (jwt.ImmatureSignatureError, "not_yet_valid"),
        (jwt.InvalidAlgorithmError, "wrong_algorithm"),
        (jwt.MissingRequiredClaimError, "missing_claim"),
        (jwt.DecodeError, "malformed"),
    )
    return next((reason for kind, reason in reasons if isinstance(error, kind)), "invalid")


def _import_pyjwt() -> ModuleType:
    try:
        import jwt
    except ImportError as error:
        extra, package = "auth", "pyjwt"
        raise MissingExtraError(extra, package) from error
    return jwt
