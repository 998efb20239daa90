"""Password hashing with argon2id; bcrypt hashes of older services are verified and upgraded.

pwdlib does the hashing. The cost parameters are OWASP's for little memory (19 MiB, 2 passes, 1 lane): argon2's default
of 64 MiB does not fit next to the runtime in a small function.
https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import MissingExtraError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Collection

    from ai_voice_shared.settings.security import SecuritySettings

__all__ = [
    "PasswordHasher",
    "PasswordVerification",
    "hash_password",
    "validate_password",
    "verify_and_upgrade_password",
    "verify_password",
]

_MAX_BYTES = 4096
"""A longer password is refused: hashing megabytes is a denial-of-service vector."""

_BCRYPT_BYTES = 72
"""bcrypt uses no more bytes than these; newer releases refuse a longer password instead of truncating it."""


@dataclass(frozen=True, slots=True)
class PasswordVerification:
    """The result of verifying a password, with a replacement for an outdated hash; true for a valid password.

    Attributes
    ----------
    valid : bool
        Whether the password matches the hash.
    new_hash : str | None
        An up-to-date hash of the same password, for storing; None where the old hash is up to date.
    """

    valid: bool
    new_hash: str | None = field(default=None, repr=False)

    @property
    def needs_upgrade(self) -> bool:
        """Whether there is a new hash to store."""
        return self.new_hash is not None

    def __bool__(self) -> bool:
        return self.valid


class PasswordHasher:
    """Hasher of passwords with argon2id, and verifier of argon2 and bcrypt hashes.

    Parameters
    ----------
    memory_cost
        Memory for one hash, in KiB.
    time_cost
        The number of passes.
    parallelism
        The number of lanes.

    Examples
    --------
    >>> hasher = PasswordHasher(memory_cost=1024, time_cost=1)
    >>> hashed = hasher.hash("correct horse")
    >>> bool(hasher.verify("correct horse", hashed)), bool(hasher.verify("wrong horse", hashed))
    (True, False)
    """

    def __init__(self, *, memory_cost: int = 19_456, time_cost: int = 2, parallelism: int = 1) -> None:
        self._cost = time_cost, memory_cost, parallelism
        self._argon2: Any = None

    def hash(self, password: str) -> str:
        """Hash a password with a random salt.

        Raises
        ------
        ValidationError
            The password is empty or has more than 4096 bytes.
        MissingExtraError
            The extra `auth` is not installed.
        """
        hasher = self._hasher()
        if not 0 < len(_bytes(password)) <= _MAX_BYTES:
            msg = f"a password must have 1 to {_MAX_BYTES} bytes"
            raise ValidationError(msg)
        hashed: str = hasher.hash(_bytes(password))
        return hashed

    def verify(self, password: str, hashed: str) -> PasswordVerification:
        """Return whether a password matches a hash, and whether the hash should be replaced.

        A hash of an unknown scheme matches no password.

        Raises
        ------
        MissingExtraError
            The extra `auth` is not installed.
        """
        argon2 = self._hasher()
        from pwdlib.hashers.bcrypt import BcryptHasher

        secret = _bytes(password)
        if not 0 < len(secret) <= _MAX_BYTES or not hashed.isascii():
            return PasswordVerification(valid=False)
        if argon2.identify(hashed):
            valid = bool(argon2.verify(secret, hashed))
            outdated = valid and argon2.check_needs_rehash(hashed)
        elif BcryptHasher.identify(hashed):
            try:
                valid = outdated = BcryptHasher().verify(secret[:_BCRYPT_BYTES], hashed)
            except ValueError:  # an invalid salt or cost
                valid = outdated = False
        else:
            valid = outdated = False
        return PasswordVerification(valid, argon2.hash(secret) if outdated else None)

    def _hasher(self) -> Any:
        if self._argon2 is None:
            try:
                from pwdlib.exceptions import HasherNotAvailable
            except ImportError as error:
                extra, package = "auth", "pwdlib"
                raise MissingExtraError(extra, package) from error
            try:
                import pwdlib.hashers.bcrypt  # noqa: F401 - both come with the extra: report a missing one on first use
                from pwdlib.hashers.argon2 import Argon2Hasher
            except HasherNotAvailable as error:
                extra, package = "auth", "pwdlib[argon2,bcrypt]"
                raise MissingExtraError(extra, package) from error
            self._argon2 = Argon2Hasher(*self._cost)
        return self._argon2


def _bytes(password: str) -> bytes:
    # "surrogatepass": a lone surrogate in the input is a wrong password, not an error.
    return password.encode("utf-8", "surrogatepass")


_default = PasswordHasher()


def hash_password(password: str) -> str:
    """Hash a password for storing; see `PasswordHasher.hash`."""
    return _default.hash(password)


def verify_password(password: str, hashed: str) -> bool:
    """Return whether a password matches a stored hash; `verify_and_upgrade_password` also replaces old hashes."""
    return _default.verify(password, hashed).valid


def verify_and_upgrade_password(password: str, hashed: str) -> PasswordVerification:
    """Verify a password against a stored hash, and return a new hash for storing where the old one is outdated."""
    return _default.verify(password, hashed)


def validate_password(
    password: str, *, settings: SecuritySettings | None = None, forbidden: Collection[str] = ()
) -> None:
    """Check a new password against the rules of the settings.

    Parameters
    ----------
    password
        The new password.
    settings
        By default read from the environment.
    forbidden
        Terms that it must not contain, such as the user's name and email address.

    Raises
    ------
    ValidationError
        The password breaks a rule; `details` has a sentence for each broken rule.
    """
    from ai_voice_shared.utils.validation import check_password

    if settings is None:
        from ai_voice_shared.auth.default_tokens import default_token_manager

        settings = default_token_manager().settings
    report = check_password(
        password,
        min_length=settings.password_min_length,
        require_upper=settings.password_require_upper,
        require_lower=settings.password_require_lower,
        require_digit=settings.password_require_digit,
        require_special=settings.password_require_special,
        forbidden=forbidden,
    )
    if not report:
        msg = "the password does not satisfy the password rules"
        raise ValidationError(msg, details=[{"field": "password", "problem": problem} for problem in report.problems])
