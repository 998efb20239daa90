"""Passwords."""

from __future__ import annotations

import bcrypt
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ai_voice_shared.auth import (
    PasswordHasher,
    hash_password,
    validate_password,
    verify_and_upgrade_password,
    verify_password,
)
from ai_voice_shared.errors import ValidationError
from ai_voice_shared.settings import SecuritySettings
from tests.unit.auth.conftest import SECRET

pytestmark = pytest.mark.unit

FAST = PasswordHasher(memory_cost=64, time_cost=1)


def create_bcrypt_hash(password: bytes) -> str:
    """Hash a password as an older service did."""
    return bcrypt.hashpw(password[:72], bcrypt.gensalt(4)).decode()


def test_the_documented_calls() -> None:
    """The documented calls hash and verify a password with the documented cost."""
    hashed = hash_password("password123")
    is_valid = verify_password("password123", hashed)
    assert is_valid
    assert not verify_password("password124", hashed)
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not verify_and_upgrade_password("password123", hashed).needs_upgrade


def test_two_hashes_of_one_password_differ() -> None:
    """Two hashes of one password differ, as each has its own salt."""
    assert FAST.hash("a") != FAST.hash("a")


@hypothesis_settings(max_examples=40)
@given(st.text(min_size=1, max_size=40), st.text(max_size=40))
def test_only_the_password_matches(password: str, other: str) -> None:
    """Any text can be a password, and no other text matches its hash."""
    hashed = FAST.hash(password)
    assert FAST.verify(password, hashed)
    assert bool(FAST.verify(other, hashed)) is (other == password)


def test_a_bcrypt_hash_verifies_and_is_upgraded() -> None:
    """A bcrypt hash is verified and replaced by an argon2 hash that needs no upgrade."""
    hashed = create_bcrypt_hash(b"correct horse")
    check = verify_and_upgrade_password("correct horse", hashed)
    assert check.valid
    assert check.new_hash is not None
    assert check.new_hash.startswith("$argon2id$")
    again = verify_and_upgrade_password("correct horse", check.new_hash)
    assert (again.valid, again.new_hash) == (True, None)
    wrong = verify_and_upgrade_password("wrong horse", hashed)
    assert (wrong.valid, wrong.needs_upgrade) == (False, False)


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
def test_every_dialect_of_bcrypt_verifies(prefix: str) -> None:
    """The bcrypt prefixes of other languages' libraries are accepted."""
    hashed = prefix + create_bcrypt_hash(b"correct horse")[4:]
    assert verify_password("correct horse", hashed)


def test_a_long_password_of_bcrypt_is_upgraded_as_a_whole() -> None:
    """Upgrading a bcrypt hash of a long password covers all of its bytes, beyond bcrypt's 72."""
    password = "x" * 72 + "tail"
    check = FAST.verify(password, create_bcrypt_hash(password.encode()))
    assert check.new_hash is not None
    assert FAST.verify(password, check.new_hash)
    assert not FAST.verify("x" * 72 + "other", check.new_hash)


def test_a_cheaper_argon2_hash_is_upgraded() -> None:
    """A hash with a lower cost than the current one is upgraded at the next login."""
    check = verify_and_upgrade_password("correct horse", FAST.hash("correct horse"))
    assert check.new_hash is not None
    assert ",t=2,p=1$" in check.new_hash


@pytest.mark.parametrize("hashed", ["", "!", "plain", "$2b$99$" + "a" * 53, "$argon2id$v=19$m=1,t=1,p=1$x$y", "é"])
def test_a_hash_of_an_unknown_scheme_matches_no_password(hashed: str) -> None:
    """A locked account and a corrupt record match no password and raise no error."""
    assert not verify_password("plain", hashed)


def test_an_empty_and_an_oversized_password() -> None:
    """An empty and an oversized password are neither hashed nor verified."""
    for password in ("", "x" * 4097):
        with pytest.raises(ValidationError):
            FAST.hash(password)
        assert not FAST.verify(password, FAST.hash("x"))


def test_repr_shows_no_hash() -> None:
    """The repr of a result, which may be logged, does not contain the hash."""
    assert "argon2" not in repr(verify_and_upgrade_password("correct horse", create_bcrypt_hash(b"correct horse")))


def test_the_rules_of_the_settings() -> None:
    """A password that breaks the rules is refused with one detail for each broken rule, without the password."""
    settings = SecuritySettings(jwt_secrets=[SECRET], password_require_digit=True, password_min_length=10)
    validate_password("correct horse 1", settings=settings)
    with pytest.raises(ValidationError) as caught:
        validate_password("ann-lee", settings=settings, forbidden=["Ann"])
    assert [detail["field"] for detail in caught.value.details] == ["password"] * 3
    assert "ann-lee" not in f"{caught.value} {caught.value.details}"


@pytest.mark.usefixtures("environment")
def test_the_rules_of_the_environment() -> None:
    """Without settings the rules of the environment apply."""
    with pytest.raises(ValidationError):
        validate_password("short")
