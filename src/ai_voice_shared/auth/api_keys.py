"""The format and the stored record of API keys between services.

A key is `prefix_id_secret`: the prefix lets secret scanners find a leaked key, the id names the record, the secret has
256 random bits. Only its SHA-256 is stored: a slow hash protects secrets that people choose, and would delay each call.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from dataclasses import dataclass, field

__all__ = ["ApiKeyRecord", "NewApiKey", "generate_api_key", "get_key_id", "hash_api_key"]

PREFIX = "avk"
_KEY_PATTERN = re.compile(r"[a-z]{2,10}_(?P<id>[0-9a-f]{16})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """The stored record of a key.

    Attributes
    ----------
    key_id : str
        The key's id, for logs and the store.
    service : str
        The service that uses the key.
    key_hash : str
        SHA-256 of the whole key.
    created_at : float
        Seconds since 1970.
    expires_at : float | None
        Seconds since 1970; None for a key that does not expire.
    scopes : tuple[str, ...]
        The scopes of the key; empty where the services use none.
    """

    key_id: str
    service: str
    key_hash: str = field(repr=False)
    created_at: float
    expires_at: float | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A newly created key. The key can be read only here: its record holds a hash.

    Attributes
    ----------
    key : str
        The key, for the secrets of the calling service.
    record : ApiKeyRecord
        The record, for the store.
    """

    key: str = field(repr=False)
    record: ApiKeyRecord


def generate_api_key(
    service: str,
    *,
    scopes: tuple[str, ...] = (),
    expires_at: float | None = None,
    created_at: float | None = None,
    prefix: str = PREFIX,
) -> NewApiKey:
    """Generate a key and its record.

    Parameters
    ----------
    service
        The service that will use the key.
    scopes
        The scopes of the key.
    expires_at
        Seconds since 1970; None for a key that does not expire.
    created_at
        Seconds since 1970; by default now.
    prefix
        Two to ten lower-case letters.

    Raises
    ------
    ValueError
        The prefix is not valid.

    Examples
    --------
    >>> new = generate_api_key("webhook-handler")
    >>> new.key.startswith(f"avk_{new.record.key_id}_"), new.record.service
    (True, 'webhook-handler')
    """
    key_id = secrets.token_hex(8)
    key = f"{prefix}_{key_id}_{secrets.token_urlsafe(32)}"
    if _KEY_PATTERN.fullmatch(key) is None:
        msg = f"a prefix must have two to ten lower-case letters: {prefix!r}"
        raise ValueError(msg)
    created = time.time() if created_at is None else created_at
    return NewApiKey(key, ApiKeyRecord(key_id, service, hash_api_key(key), created, expires_at, tuple(scopes)))


def hash_api_key(key: str) -> str:
    """Return the SHA-256 of a key, in hexadecimal."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def get_key_id(key: str) -> str | None:
    """Return the id in a key, or None where the text is not a well-formed key.

    Examples
    --------
    >>> get_key_id("avk_0123456789abcdef_" + 43 * "x"), get_key_id("hello")
    ('0123456789abcdef', None)
    """
    match = _KEY_PATTERN.fullmatch(key)
    return match["id"] if match else None
