"""API keys between services: what one looks like, and what is kept of it.

A key is `prefix_id_secret`: the prefix lets secret scanners find a leaked one, the id names the record, the secret has
256 random bits. Only its SHA-256 is kept; a slow hash protects what people choose, and would cost every call here.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from dataclasses import dataclass, field

__all__ = ["ApiKeyRecord", "NewApiKey", "generate_api_key", "hash_api_key", "key_id_of"]

PREFIX = "avk"
_FORM = re.compile(r"[a-z]{2,10}_(?P<id>[0-9a-f]{16})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """What is kept of a key.

    Attributes
    ----------
    key_id : str
        Names it in logs and in the store.
    service : str
        Who calls with it.
    key_hash : str
        SHA-256 of the whole key.
    created_at : float
        Seconds since 1970.
    expires_at : float | None
        Seconds since 1970; None for a key without an end.
    scopes : tuple[str, ...]
        What it may be used for; empty where the services do not tell.
    """

    key_id: str
    service: str
    key_hash: str = field(repr=False)
    created_at: float
    expires_at: float | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key that was just made. This is the only moment at which it can be read.

    Attributes
    ----------
    key : str
        For the caller's secrets.
    record : ApiKeyRecord
        For the store.
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
    """Make a key and the record of it.

    Parameters
    ----------
    service
        Who will call with it.
    scopes
        What it may be used for.
    expires_at
        Seconds since 1970; None for no end.
    created_at
        Seconds since 1970; by default now.
    prefix
        Two to ten lower-case letters.

    Raises
    ------
    ValueError
        The prefix has another form.

    Examples
    --------
    >>> new = generate_api_key("webhook-handler")
    >>> new.key.startswith(f"avk_{new.record.key_id}_"), new.record.service
    (True, 'webhook-handler')
    """
    key_id = secrets.token_hex(8)
    key = f"{prefix}_{key_id}_{secrets.token_urlsafe(32)}"
    if _FORM.fullmatch(key) is None:
        msg = f"a prefix has two to ten lower-case letters, not {prefix!r}"
        raise ValueError(msg)
    created = time.time() if created_at is None else created_at
    return NewApiKey(key, ApiKeyRecord(key_id, service, hash_api_key(key), created, expires_at, tuple(scopes)))


def hash_api_key(key: str) -> str:
    """Give what is kept of a key: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def key_id_of(key: str) -> str | None:
    """Give the id in a key, or None where the text has not the form of one.

    Examples
    --------
    >>> key_id_of("avk_0123456789abcdef_" + 43 * "x"), key_id_of("hello")
    ('0123456789abcdef', None)
    """
    found = _FORM.fullmatch(key)
    return found["id"] if found else None
