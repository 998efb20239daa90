"""Signed tokens of users, each for one purpose.

Signing is PyJWT's. Powertools' `auth_alpha` verifies the tokens of an identity provider by its public keys, and does
neither sign nor take symmetric keys; the tokens here are made and read by our own services.
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
"""A longer token is refused before anything looks into it; ours have a few hundred bytes."""

_REQUIRED = ["aud", "exp", "iat", "iss", "jti", "nbf", "purpose", "sub", "user_id"]
_RESERVED = frozenset({*_REQUIRED, "email"})


class TokenPurpose(StrEnum):
    """What a token is good for. One of another purpose is refused."""

    ACCESS = "access"
    REFRESH = "refresh"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a purpose, no password
    EMAIL_VERIFICATION = "email_verification"


class TokenManager:
    """Makes and checks tokens by the settings.

    Each secret has a key id that is computed from it, so a token names the secret that signed it, and no id has to be
    configured beside the secret.

    Parameters
    ----------
    settings
        By default read from the environment on first use.
    clock
        Seconds since 1970, for the times in new tokens.

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
        """The ids of the secrets that are known, the signing one first."""
        return tuple(self._secrets())

    def ttl(self, purpose: TokenPurpose) -> int:
        """Give the seconds that a token of this purpose lives."""
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
        """Make a token.

        Parameters
        ----------
        purpose
            What it is good for.
        user_id
            Whom it is for.
        email
            Their address. A token is signed and not encrypted: whoever holds it can read it.
        expires_in
            Seconds that it lives; by default those of the settings for the purpose.
        claims
            More to say; the names that the package uses itself are refused.

        Raises
        ------
        ValidationError
            The user's id is empty, or a claim has a reserved name.
        MissingExtraError
            The extra `auth` is not installed.
        """
        jwt = _pyjwt()
        taken = sorted(_RESERVED & set(claims or {}))
        if taken or not user_id:
            msg = f"these claims are set by the package: {', '.join(taken)}" if taken else "user_id is empty"
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
        """Check a token and give what it says.

        Parameters
        ----------
        token
            The token, without `Bearer`.
        purpose
            What it has to be good for.
        allow_expired
            Pass over its end, to read when that was. Never to let anybody in.

        Raises
        ------
        ExpiredTokenError
            Its time is over.
        InvalidTokenError
            Anything else is wrong with it; `reason` says what, in a word.
        MissingExtraError
            The extra `auth` is not installed.
        """
        jwt = _pyjwt()
        if not isinstance(token, str) or not token.isascii():
            msg = "this is not the text of a JWT"
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
                msg = "the token names a key that is not known here"
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
            # Not chained: a decoding error holds pieces of the token.
            raise InvalidTokenError(reason=_reason(jwt, error)) from None
        if payload["purpose"] != purpose:
            msg = f"the token is not for {purpose}"
            raise InvalidTokenError(msg, reason="wrong_purpose")
        return payload

    def verify(self, token: str, *, purpose: TokenPurpose = TokenPurpose.ACCESS) -> dict[str, Any] | None:
        """Give what a token says, or None where anything is wrong with it."""
        try:
            return self.decode(token, purpose=purpose)
        except InvalidTokenError:
            return None

    def _secrets(self) -> Mapping[str, bytes]:
        if not self._keys:
            values = (secret.get_secret_value().encode() for secret in self.settings.jwt_secrets)
            self._keys = {_key_id(value): value for value in values}
        return self._keys


def _key_id(secret: bytes) -> str:
    # 64 bits tell the secrets apart; of a secret of 32 random bytes they give nothing away.
    return hmac.new(secret, b"ai_voice_shared key id", hashlib.sha256).hexdigest()[:16]


def _reason(jwt: ModuleType, error: Exception) -> str:
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


def _pyjwt() -> ModuleType:
    try:
        import jwt
    except ImportError as error:
        extra, package = "auth", "pyjwt"
        raise MissingExtraError(extra, package) from error
    return jwt
