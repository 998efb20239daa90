"""Compute Twilio's webhook signature, and verify it in constant time.

The `twilio` package (39 MB) does the same and is the oracle of the tests. It differs in two cases, and is wrong in
both: when it removes the port from a URL with user information or an IPv6 address, it cuts the host in two, and when a
URL ends in an empty part (`;`, `?` or `#`), it drops that character.
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
"""Twilio's names of the algorithms, mapped to Python's."""


def compute_signature(
    url: str, pairs: Iterable[tuple[str, str]], token: str | bytes, *, algorithm: str = "HMAC_SHA1"
) -> str:
    """Return Twilio's signature of a request: over the URL, then each sorted name with its sorted unique values.

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
    return _sign(url, _canonicalize(pairs), key, ALGORITHMS[algorithm]).decode()


def is_signed(
    urls: Iterable[str],
    pairs: Iterable[tuple[str, str]],
    signature: str,
    tokens: Sequence[str | bytes],
    *,
    algorithm: str = "HMAC_SHA1",
) -> bool:
    """Return whether `signature` was made with one of `tokens` for one of `urls`, with or without its port.

    Parameters
    ----------
    urls
        The URLs that Twilio may have called; the iterable is consumed only as far as needed.
    pairs, algorithm
        As for `compute_signature`; no signature of an unknown algorithm is valid.
    signature
        The header's value.
    tokens
        The current token first; the previous one during a rotation.

    Examples
    --------
    >>> signature = compute_signature("https://example.com/hook", [("Body", "")], "new")
    >>> is_signed(["https://example.com:443/hook"], [("Body", "")], signature, ["new", "old"])
    True
    """
    digest = ALGORITHMS.get(algorithm.upper())
    if not signature or digest is None:
        return False
    given = signature.encode("utf-8", "replace")
    canonical = _canonicalize(pairs)
    keys = [token.encode() if isinstance(token, str) else token for token in tokens]
    for url in urls:
        # The URL as it was called comes first: it is nearly always the one that was signed.
        if any(hmac.compare_digest(_sign(url, canonical, key, digest), given) for key in keys):
            return True
        for other in urls_with_and_without_port(url):
            if other != url and any(hmac.compare_digest(_sign(other, canonical, key, digest), given) for key in keys):
                return True
    return False


def body_hash_matches(url: str, body: bytes) -> bool | None:
    """Return whether a body matches the `bodySHA256` in the URL's query, which Twilio sends with JSON.

    Returns
    -------
    bool | None
        None if the URL has no such parameter.

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
    """Return the algorithm that a `SIGNATURE_SETTINGS_HEADER` names, by default `HMAC_SHA1`.

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
    """Return the URL without a port and with one, since Twilio may sign either.

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


def _canonicalize(pairs: Iterable[tuple[str, str]]) -> bytes:
    # UTF-8 cannot encode a lone surrogate; a request that contains one was not signed by Twilio.
    return "".join([name + value for name, value in sorted(set(pairs))]).encode("utf-8", "replace")


def _sign(url: str, canonical: bytes, key: bytes, digest: str) -> bytes:
    return b2a_base64(hmac.digest(key, url.encode("utf-8", "replace") + canonical, digest), newline=False)
