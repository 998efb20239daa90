"""Passwords, hashed with argon2id; bcrypt hashes of older services verify and are upgraded.

The hashing is pwdlib's. The cost is OWASP's for little memory (19 MiB, 2 passes, 1 lane): argon2's usual 64 MiB do
not fit beside a runtime in a small function.
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
    "require_good_password",
    "verify_and_upgrade_password",
    "verify_password",
]

_MAX_BYTES = 4096
"""A longer password is refused: hashing megabytes is a way to keep a function busy."""

_BCRYPT_BYTES = 72
"""bcrypt has never looked at more; newer releases refuse a longer password instead of cutting it."""


@dataclass(frozen=True, slots=True)
class PasswordVerification:
    """Whether a password is the right one, and what to store in place of its hash; true if it is the right one.

    Attributes
    ----------
    valid : bool
        Whether the password fits the hash.
    new_hash : str | None
        A better hash of the same password: store it. None where the old one is good.
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
    """Hashes passwords with argon2id and verifies those of argon2 and bcrypt.

    Parameters
    ----------
    memory_cost
        KiB of memory for one hash.
    time_cost
        Passes.
    parallelism
        Lanes.

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
        """Hash a password, with a salt of its own.

        Raises
        ------
        ValidationError
            It is empty or has more than 4096 bytes.
        MissingExtraError
            The extra `auth` is not installed.
        """
        hasher = self._hasher()
        if not 0 < len(_bytes(password)) <= _MAX_BYTES:
            msg = f"a password has 1 to {_MAX_BYTES} bytes"
            raise ValidationError(msg)
        hashed: str = hasher.hash(_bytes(password))
        return hashed

    def verify(self, password: str, hashed: str) -> PasswordVerification:
        """Tell whether a password fits a hash, and whether the hash should be replaced.

        A hash of no known kind fits no password.

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
            except ValueError:  # a salt or a cost that is none
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
                import pwdlib.hashers.bcrypt  # noqa: F401 - both come with the extra; say so at the first use
                from pwdlib.hashers.argon2 import Argon2Hasher
            except HasherNotAvailable as error:
                extra, package = "auth", "pwdlib[argon2,bcrypt]"
                raise MissingExtraError(extra, package) from error
            self._argon2 = Argon2Hasher(*self._cost)
        return self._argon2


def _bytes(password: str) -> bytes:
    # "surrogatepass": half a character that came in is a wrong password, not an error.
    return password.encode("utf-8", "surrogatepass")


_default = PasswordHasher()


def hash_password(password: str) -> str:
    """Hash a password for storing; see `PasswordHasher.hash`."""
    return _default.hash(password)


def verify_password(password: str, hashed: str) -> bool:
    """Tell whether a password fits a stored hash; see `verify_and_upgrade_password` for replacing old hashes."""
    return _default.verify(password, hashed).valid


def verify_and_upgrade_password(password: str, hashed: str) -> PasswordVerification:
    """Tell whether a password fits a stored hash, and give a new hash to store where the old one is outdated."""
    return _default.verify(password, hashed)


def require_good_password(
    password: str, *, settings: SecuritySettings | None = None, forbidden: Collection[str] = ()
) -> None:
    """Refuse a new password that the rules of the settings do not allow.

    Parameters
    ----------
    password
        The new password.
    settings
        By default read from the environment.
    forbidden
        What it must not contain: the user's name and address.

    Raises
    ------
    ValidationError
        `details` has a sentence for each thing that it lacks.
    """
    from ai_voice_shared.utils.validation import check_password

    if settings is None:
        from ai_voice_shared.auth.token_functions import default_token_manager

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
        msg = "the password is not good enough"
        raise ValidationError(msg, details=[{"field": "password", "problem": problem} for problem in report.problems])
