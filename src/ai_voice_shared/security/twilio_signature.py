"""Twilio's webhook signature: made, and checked in constant time.

The `twilio` package (39 MB) has the same and is the oracle of the tests. It differs from this in two places, and is
wrong in both: where a port has to be taken off a URL that has user information or an IPv6 address it cuts the host
in two, and where a URL ends in an empty part (`;`, `?` or `#`) it loses that character.
https://www.twilio.com/docs/usage/security#validating-requests
"""

from __future__ import annotations

import hmac
from binascii import b2a_base64
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "ALGORITHMS",
    "SIGNATURE_HEADER",
    "SIGNATURE_SETTINGS_HEADER",
    "body_hash_matches",
    "compute_signature",
    "is_signed",
    "signature_algorithm",
    "urls_with_and_without_port",
]

SIGNATURE_HEADER = "X-Twilio-Signature"
"""The header that carries the signature."""

SIGNATURE_SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
"""The header that names another algorithm, for webhooks signed with a shared key."""

ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
"""Twilio's names of the algorithms, and Python's."""


def compute_signature(
    url: str, pairs: Iterable[tuple[str, str]], token: str | bytes, *, algorithm: str = "HMAC_SHA1"
) -> str:
    """Sign a request as Twilio does: over the URL, then each sorted name with its sorted unique values.

    Parameters
    ----------
    url
        The URL that Twilio called, with its query.
    pairs
        The pairs of the form; empty for GET and for a JSON body.
    token
        The auth token, or the secret of a shared key.
    algorithm
        One of `ALGORITHMS`.

    Examples
    --------
    >>> pairs = [
    ...     ("CallSid", "CA1234567890ABCDE"),
    ...     ("Caller", "+14158675309"),
    ...     ("Digits", "1234"),
    ...     ("From", "+14158675309"),
    ...     ("To", "+18005551212"),
    ... ]
    >>> compute_signature("https://mycompany.com/myapp.php?foo=1&bar=2", pairs, "12345")
    'RSOYDt4T1cUTdK1PDd93/VVr8B8='
    """
    key = token.encode() if isinstance(token, str) else token
    return _signed(url, _canonical(pairs), key, ALGORITHMS[algorithm]).decode()


def is_signed(
    urls: Iterable[str],
    pairs: Iterable[tuple[str, str]],
    signature: str,
    tokens: Sequence[str | bytes],
    *,
    algorithm: str = "HMAC_SHA1",
) -> bool:
    """Tell whether one of `tokens` made `signature` for one of `urls`, with or without its port.

    Parameters
    ----------
    urls
        The URLs that Twilio may have called; they are asked for one by one.
    pairs, algorithm
        As for `compute_signature`; an unknown algorithm signs nothing.
    signature
        The header's value.
    tokens
        The current token first; an earlier one while it is being rotated.

    Examples
    --------
    >>> made = compute_signature("https://example.com/hook", [("Body", "")], "new")
    >>> is_signed(["https://example.com:443/hook"], [("Body", "")], made, ["new", "old"])
    True
    """
    digest = ALGORITHMS.get(algorithm.upper())
    if not signature or digest is None:
        return False
    given = signature.encode("utf-8", "replace")
    canonical = _canonical(pairs)
    keys = [token.encode() if isinstance(token, str) else token for token in tokens]
    for url in urls:
        # As it was called comes first: it is nearly always the one that was signed.
        if any(hmac.compare_digest(_signed(url, canonical, key, digest), given) for key in keys):
            return True
        for other in urls_with_and_without_port(url):
            if other != url and any(hmac.compare_digest(_signed(other, canonical, key, digest), given) for key in keys):
                return True
    return False


def body_hash_matches(url: str, body: bytes) -> bool | None:
    """Check a body by the `bodySHA256` of the URL's query, as Twilio sends it with JSON.

    Returns
    -------
    bool | None
        None where the URL has no such parameter.

    Examples
    --------
    >>> from hashlib import sha256
    >>> body_hash_matches(f"https://example.com/?bodySHA256={sha256(b'{}').hexdigest()}", b"{}")
    True
    """
    given = next((value for name, value in parse_qsl(urlsplit(url).query) if name == "bodySHA256"), None)
    if given is None:
        return None
    return hmac.compare_digest(sha256(body).hexdigest().encode(), given.encode("utf-8", "replace"))


def signature_algorithm(settings_header: str) -> str:
    """Give the algorithm that a `SIGNATURE_SETTINGS_HEADER` names; without one it is `HMAC_SHA1`.

    Examples
    --------
    >>> signature_algorithm("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256")
    'HMAC_SHA256'
    """
    for part in settings_header.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip()
    return "HMAC_SHA1"


def urls_with_and_without_port(url: str) -> tuple[str, ...]:
    """Give the URL without a port and with one: Twilio signs now the one, now the other.

    Examples
    --------
    >>> urls_with_and_without_port("https://example.com/hook")
    ('https://example.com/hook', 'https://example.com:443/hook')
    >>> urls_with_and_without_port("https://example.com:8443/hook")
    ('https://example.com/hook', 'https://example.com:8443/hook')
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return (url,)
    end = min((found for found in (rest.find(mark) for mark in "/?#") if found >= 0), default=len(rest))
    netloc, tail = rest[:end], rest[end:]
    # After the last bracket of an IPv6 address and after user information, a colon begins the port.
    user, at, host = netloc.rpartition("@")
    address, bracket, after = host.rpartition("]")
    name, colon, port = after.rpartition(":")
    if not colon:
        default = "443" if scheme.lower() == "https" else "80"
        return url, f"{scheme}://{netloc}:{default}{tail}"
    without = f"{scheme}://{user}{at}{address}{bracket}{name}{tail}"
    return (without, url) if port else (without,)


def _canonical(pairs: Iterable[tuple[str, str]]) -> bytes:
    # A lone surrogate has no UTF-8; a request that has one was not signed by Twilio.
    return "".join([name + value for name, value in sorted(set(pairs))]).encode("utf-8", "replace")


def _signed(url: str, canonical: bytes, key: bytes, digest: str) -> bytes:
    return b2a_base64(hmac.digest(key, url.encode("utf-8", "replace") + canonical, digest), newline=False)
