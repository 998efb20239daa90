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
    require_good_password,
    verify_and_upgrade_password,
    verify_password,
)
from ai_voice_shared.errors import ValidationError
from ai_voice_shared.settings import SecuritySettings
from tests.unit.auth.conftest import SECRET

pytestmark = pytest.mark.unit

FAST = PasswordHasher(memory_cost=64, time_cost=1)


def old_hash(password: bytes) -> str:
    """Hash as an older service did."""
    return bcrypt.hashpw(password[:72], bcrypt.gensalt(4)).decode()


def test_the_documented_calls() -> None:
    """The calls as they stand in the documents."""
    hashed = hash_password("password123")
    is_valid = verify_password("password123", hashed)
    assert is_valid
    assert not verify_password("password124", hashed)
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not verify_and_upgrade_password("password123", hashed).needs_upgrade


def test_two_hashes_of_one_password_differ() -> None:
    """Each has a salt of its own."""
    assert FAST.hash("a") != FAST.hash("a")


@hypothesis_settings(max_examples=40)
@given(st.text(min_size=1, max_size=40), st.text(max_size=40))
def test_only_the_password_fits(password: str, other: str) -> None:
    """Any text is a password, and no other text passes for it."""
    hashed = FAST.hash(password)
    assert FAST.verify(password, hashed)
    assert bool(FAST.verify(other, hashed)) is (other == password)


def test_a_bcrypt_hash_verifies_and_is_upgraded() -> None:
    """The new hash is argon2 of the same password, and needs no upgrade."""
    hashed = old_hash(b"correct horse")
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
    """Hashes of other languages' libraries have other prefixes."""
    hashed = prefix + old_hash(b"correct horse")[4:]
    assert verify_password("correct horse", hashed)


def test_a_long_password_of_bcrypt_is_upgraded_as_a_whole() -> None:
    """Older services looked at 72 bytes; the new hash is of all of them."""
    password = "x" * 72 + "tail"
    check = FAST.verify(password, old_hash(password.encode()))
    assert check.new_hash is not None
    assert FAST.verify(password, check.new_hash)
    assert not FAST.verify("x" * 72 + "other", check.new_hash)


def test_a_cheaper_argon2_hash_is_upgraded() -> None:
    """When the cost was raised, the next login brings the hash up."""
    check = verify_and_upgrade_password("correct horse", FAST.hash("correct horse"))
    assert check.new_hash is not None
    assert ",t=2,p=1$" in check.new_hash


@pytest.mark.parametrize("hashed", ["", "!", "plain", "$2b$99$" + "a" * 53, "$argon2id$v=19$m=1,t=1,p=1$x$y", "é"])
def test_a_hash_of_no_known_kind_fits_no_password(hashed: str) -> None:
    """A locked account and a broken row are no way in, and no error."""
    assert not verify_password("plain", hashed)


def test_an_empty_and_an_endless_password() -> None:
    """Neither is hashed, neither verifies."""
    for password in ("", "x" * 4097):
        with pytest.raises(ValidationError):
            FAST.hash(password)
        assert not FAST.verify(password, FAST.hash("x"))


def test_repr_shows_no_hash() -> None:
    """A result may end up in a log."""
    assert "argon2" not in repr(verify_and_upgrade_password("correct horse", old_hash(b"correct horse")))


def test_the_rules_of_the_settings() -> None:
    """Every rule that is broken has a sentence; the password is not shown."""
    settings = SecuritySettings(jwt_secrets=[SECRET], password_require_digit=True, password_min_length=10)
    require_good_password("correct horse 1", settings=settings)
    with pytest.raises(ValidationError) as caught:
        require_good_password("ann-lee", settings=settings, forbidden=["Ann"])
    assert [detail["field"] for detail in caught.value.details] == ["password"] * 3
    assert "ann-lee" not in f"{caught.value} {caught.value.details}"


@pytest.mark.usefixtures("environment")
def test_the_rules_of_the_environment() -> None:
    """Without settings those of the environment hold."""
    with pytest.raises(ValidationError):
        require_good_password("short")
