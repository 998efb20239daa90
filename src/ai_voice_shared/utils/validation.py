"""Validate e-mail addresses, URLs, phone numbers and passwords.

Addresses are checked by `email-validator` and numbers by `phonenumberslite` (Google's metadata); the extra
`validation` installs both. A function that is called without its package raises MissingExtraError.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ai_voice_shared.errors import MissingExtraError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = [
    "PasswordReport",
    "check_password",
    "is_valid_email",
    "is_valid_password",
    "is_valid_phone",
    "is_valid_url",
    "normalize_email",
    "normalize_phone",
]

_MAX_URL = 2048
_MAX_HOST = 253
_MAX_LABEL = 63


def is_valid_email(address: str) -> bool:
    """Return whether the syntax of an e-mail address is valid. DNS is not queried.

    Raises
    ------
    MissingExtraError
        The extra `validation` is not installed.

    Examples
    --------
    >>> is_valid_email("user@example.com"), is_valid_email("user@localhost")
    (True, False)
    """
    try:
        normalize_email(address)
    except ValidationError:
        return False
    return True


def normalize_email(address: str) -> str:
    """Return an e-mail address in its normal form, for comparison and storage: lower-case domain, composed Unicode.

    Raises
    ------
    ValidationError
        The address is not valid. The message does not contain it.
    MissingExtraError
        The extra `validation` is not installed.

    Examples
    --------
    >>> normalize_email("User@EXAMPLE.com")
    'User@example.com'
    """
    try:
        import email_validator
    except ImportError as error:
        extra, package = "validation", "email-validator"
        raise MissingExtraError(extra, package) from error
    try:
        return email_validator.validate_email(address, check_deliverability=False).normalized
    except email_validator.EmailNotValidError:
        # The text of that error quotes parts of the address.
        msg = "the text is not a valid e-mail address"
        raise ValidationError(msg) from None


def is_valid_url(url: str, *, schemes: Collection[str] = ("https", "http")) -> bool:
    """Return whether a text is an absolute URL with a host, without credentials, of one of the schemes.

    Parameters
    ----------
    url
        The text.
    schemes
        The accepted schemes, in lower case.

    Notes
    -----
    The standard library checks the syntax (RFC 3986); whether the host exists or may be called is not checked.

    Examples
    --------
    >>> is_valid_url("https://example.com/a?b=c"), is_valid_url("javascript:alert(1)"), is_valid_url("//example.com")
    (True, False, False)
    """
    if not url.isascii() or not url.isprintable() or len(url) > _MAX_URL or not set(url).isdisjoint(' "<>\\^`{|}'):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in schemes and "@" not in parts.netloc and port != 0 and _is_host(parts.hostname or "")


def _is_host(host: str) -> bool:
    import ipaddress

    if ":" in host:  # an IPv6 address; urlsplit has removed the brackets
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return False
        return True
    labels = host.removesuffix(".").split(".")
    if labels[-1].isdigit():  # a host that ends in a number must be an IPv4 address (WHATWG URL)
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            return False
        return True
    return len(host) <= _MAX_HOST and all(
        0 < len(label) <= _MAX_LABEL
        and not label.startswith("-")
        and not label.endswith("-")
        and label.replace("-", "").replace("_", "").isalnum()
        for label in labels
    )


def is_valid_phone(number: str, *, region: str | None = None) -> bool:
    """Return whether a phone number is valid in its country's numbering plan.

    Parameters
    ----------
    number
        In any common notation; with `+` and the country's code unless `region` is passed.
    region
        The country that a national number belongs to (ISO 3166, `"AU"`).

    Raises
    ------
    MissingExtraError
        The extra `validation` is not installed.

    Examples
    --------
    >>> is_valid_phone("+61 491 570 156"), is_valid_phone("0491 570 156", region="AU"), is_valid_phone("12")
    (True, True, False)
    """
    try:
        normalize_phone(number, region=region)
    except ValidationError:
        return False
    return True


def normalize_phone(number: str, *, region: str | None = None) -> str:
    """Return a phone number in E.164: `+`, the country's code, the national number.

    Parameters
    ----------
    number, region
        As for `is_valid_phone`.

    Raises
    ------
    ValidationError
        The number is not valid. The message does not contain it.
    MissingExtraError
        The extra `validation` is not installed.

    Examples
    --------
    >>> normalize_phone("(04) 9157-0156", region="AU")
    '+61491570156'
    """
    phonenumbers = _phonenumbers()
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_valid_number(parsed):
        msg = "the text is not a valid phone number"
        raise ValidationError(msg)
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def _phonenumbers() -> Any:
    try:
        import phonenumbers
    except ImportError as error:
        extra, package = "validation", "phonenumberslite"
        raise MissingExtraError(extra, package) from error
    return phonenumbers


@dataclass(frozen=True, slots=True)
class PasswordReport:
    """The problems of a password; true if there are none.

    Attributes
    ----------
    problems : tuple[str, ...]
        One sentence for each problem, to show to the user.
    """

    problems: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not self.problems


def check_password(
    password: str,
    *,
    min_length: int = 12,
    max_length: int = 128,
    require_upper: bool = False,
    require_lower: bool = False,
    require_digit: bool = False,
    require_special: bool = False,
    forbidden: Collection[str] = (),
) -> PasswordReport:
    """Return the rules that a password breaks.

    Length matters most, so kinds of characters are only required on demand (NIST SP 800-63B, 3.1.1.2).

    Parameters
    ----------
    password
        The password as typed.
    min_length, max_length
        Minimum and maximum number of characters.
    require_upper, require_lower, require_digit, require_special
        Require at least one such character.
    forbidden
        Texts that it must not contain in any case: the user's name and address, the product's name.

    Examples
    --------
    >>> check_password("short").problems
    ('must have at least 12 characters',)
    >>> bool(check_password("correct horse battery"))
    True
    """
    folded = password.casefold()
    rules = (
        (len(password) >= min_length, f"must have at least {min_length} characters"),
        (len(password) <= max_length, f"must have at most {max_length} characters"),
        (len(set(password)) > min(4, min_length - 1) or not password, "must not repeat a few characters"),
        (not require_upper or any(map(str.isupper, password)), "must have an upper-case letter"),
        (not require_lower or any(map(str.islower, password)), "must have a lower-case letter"),
        (not require_digit or any(map(str.isdigit, password)), "must have a digit"),
        (
            not require_special or any(not letter.isalnum() and not letter.isspace() for letter in password),
            "must have a character that is neither letter nor digit",
        ),
        (
            not any(word and word.casefold() in folded for word in forbidden),
            "must not contain your name, your address or the name of the product",
        ),
    )
    return PasswordReport(tuple(problem for is_met, problem in rules if not is_met))


def is_valid_password(password: str, *, min_length: int = 12, forbidden: Collection[str] = ()) -> bool:
    """Return whether a password meets the rules of `check_password`.

    Examples
    --------
    >>> is_valid_password("password"), is_valid_password("correct horse battery")
    (False, True)
    """
    return bool(check_password(password, min_length=min_length, forbidden=forbidden))
