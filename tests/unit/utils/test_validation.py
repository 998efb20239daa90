"""Validation of e-mail addresses, URLs, phone numbers and passwords."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.provisional import urls

from ai_voice_shared.errors import ValidationError
from ai_voice_shared.utils import (
    check_password,
    is_valid_email,
    is_valid_password,
    is_valid_phone,
    is_valid_url,
    normalize_email,
    normalize_phone,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("address", "valid"),
    [
        ("user@example.com", True),
        ("first.last+tag@sub.example.com", True),
        ("user", False),
        ("user@", False),
        ("a b@example.com", False),
        ("user@example..com", False),
        ("", False),
        ("user@example.com\nBcc: other@example.com", False),
    ],
)
def test_an_address_is_validated(address: str, *, valid: bool) -> None:
    """The syntax of an address decides whether it is valid."""
    assert is_valid_email(address) is valid


def test_a_bad_address_stays_out_of_the_error() -> None:
    """The error for an invalid address does not contain it, since it is personal data."""
    with pytest.raises(ValidationError) as caught:
        normalize_email("ann lee@example.com")
    assert "ann" not in str(caught.value)
    assert caught.value.__cause__ is None


@given(st.emails(domains=st.just("example.com")))
def test_normalizing_an_address_twice_changes_nothing(address: str) -> None:
    """A normalized address is its own normal form."""
    if is_valid_email(address):
        once = normalize_email(address)
        assert normalize_email(once) == once


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://localhost:8002/api/v1/subjects?a=b#c",
        "https://[2001:db8::1]:8443/",
        "https://192.0.2.1/",
        "https://example.com.",
    ],
)
def test_valid_urls(url: str) -> None:
    """An absolute URL with a host is valid."""
    assert is_valid_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com",
        "https://",
        "https:///path",
        "javascript:alert(1)",
        "ftp://example.com",
        "https://user:secret@example.com",
        "https://exa mple.com",
        "https://example.com/\n",
        "https://-example.com",
        "https://example..com",
        "https://example.com:0",
        "https://example.com:99999",
        "https://999.1.1.1",
        "https://[::1",
        "https://[zz::1]",
        "https://example.com\\@evil.example",
        "https://" + "a" * 64 + ".com",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_invalid_urls(url: str) -> None:
    """A URL that is relative, of another scheme, with credentials or malformed is not valid."""
    assert not is_valid_url(url)


@given(urls())
def test_urls_of_rfc_3986_are_valid(url: str) -> None:
    """URLs that follow RFC 3986 are valid, except with credentials or port 0."""
    if "@" not in urlsplit(url).netloc and urlsplit(url).port != 0:
        assert is_valid_url(url)


@given(st.text(max_size=60))
def test_any_text_is_validated_without_an_error(text: str) -> None:
    """No text causes an error in the validators."""
    assert isinstance(is_valid_url(text), bool)
    assert isinstance(is_valid_phone(text), bool)
    assert isinstance(is_valid_email(text), bool)


@pytest.mark.parametrize(
    ("number", "region", "expected"),
    [
        ("+61 491 570 156", None, "+61491570156"),
        ("0491 570 156", "AU", "+61491570156"),
        ("(415) 867-5309", "US", "+14158675309"),
    ],
)
def test_numbers_are_normalized_to_e164(number: str, region: str | None, expected: str) -> None:
    """Every common notation of a number has the same normal form."""
    assert is_valid_phone(number, region=region)
    assert normalize_phone(number, region=region) == expected


@pytest.mark.parametrize("number", ["", "12", "0491 570 156", "whatsapp:US.1234ABC", "+999 1234567"])
def test_an_invalid_number_stays_out_of_the_error(number: str) -> None:
    """The error for an invalid number does not contain it, since it is personal data."""
    assert not is_valid_phone(number)
    with pytest.raises(ValidationError) as caught:
        normalize_phone(number)
    assert not number or number not in str(caught.value)


def test_every_problem_of_a_password_is_reported() -> None:
    """The report has one sentence for each broken rule."""
    report = check_password(
        "ann",
        require_upper=True,
        require_digit=True,
        require_special=True,
        require_lower=True,
        forbidden=["Ann", ""],
    )
    assert len(report.problems) == 6
    assert not report


@pytest.mark.parametrize(
    ("password", "valid"),
    [("correct horse battery", True), ("aaaaaaaaaaaaaaaa", False), ("", False), ("x" * 129, False)],
)
def test_a_password_is_validated(password: str, *, valid: bool) -> None:
    """A password must be long enough, and not repeat a few characters."""
    assert is_valid_password(password) is valid


@pytest.mark.parametrize(
    ("package", "call"),
    [("email_validator", 'is_valid_email("a@example.com")'), ("phonenumbers", 'is_valid_phone("+61491570156")')],
)
def test_a_missing_extra_fails_the_call_and_not_the_import(package: str, call: str) -> None:
    """Without the extra the functions can be imported, and a call raises an error that names it."""
    script = f"""
import sys
sys.modules[{package!r}] = None
from ai_voice_shared.errors import MissingExtraError
from ai_voice_shared.utils import is_valid_email, is_valid_phone, is_valid_url
assert is_valid_url("https://example.com")
try:
    {call}
except MissingExtraError as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "ai-voice-shared[validation]" in result.stdout, result.stderr
