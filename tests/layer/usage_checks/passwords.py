"""Passwords: hashed, verified, upgraded, and validated."""

from __future__ import annotations

from .registry import checks_usage

__all__: list[str] = []


@checks_usage("auth.hash_password")
def a_password_is_hashed_by_argon2() -> None:
    """Each hash has its own salt."""
    from ai_voice_shared.auth import hash_password

    first, second = hash_password("password123"), hash_password("password123")
    assert first.startswith("$argon2id$")
    assert first != second


@checks_usage("auth.verify_password")
def a_password_is_verified() -> None:
    """Only the right password is verified."""
    from ai_voice_shared.auth import hash_password, verify_password

    hashed = hash_password("password123")
    assert (verify_password("password123", hashed), verify_password("password124", hashed)) == (True, False)


@checks_usage("auth.verify_and_upgrade_password")
def an_old_hash_is_upgraded() -> None:
    """A bcrypt hash of "password123" by another program is replaced by an argon2 hash."""
    from ai_voice_shared.auth import verify_and_upgrade_password

    old = "$2b$04$SlDTYh4MgqoRZ565YsL8cOloghLCz.hlwzlXFhOb3SRVmFEE6lLd6"
    found = verify_and_upgrade_password("password123", old)
    assert found
    assert found.needs_upgrade
    assert (found.new_hash or "").startswith("$argon2id$")


@checks_usage("auth.PasswordHasher")
def a_hasher_of_ones_own() -> None:
    """Other costs are written into the hash."""
    from ai_voice_shared.auth import PasswordHasher

    hasher = PasswordHasher(memory_cost=8192, time_cost=1)
    hashed = hasher.hash("correct horse")
    assert "m=8192,t=1" in hashed
    assert hasher.verify("correct horse", hashed).valid


@checks_usage("auth.validate_password")
def a_bad_password_is_refused() -> None:
    """A short password and a common one are refused."""
    from ai_voice_shared.auth import validate_password
    from ai_voice_shared.errors import ValidationError

    validate_password("correct Horse 9 battery staple!")
    try:
        validate_password("short")
    except ValidationError:
        return
    raise AssertionError
