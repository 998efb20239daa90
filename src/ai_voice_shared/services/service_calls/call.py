"""One call of a service: its limits, its body and its query, as they go out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ai_voice_shared.errors import ValidationError
from ai_voice_shared.http import DEFAULT_MAX_BYTES, encoded_url, merged_headers
from ai_voice_shared.problems import PROBLEM_CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["IDEMPOTENCY_HEADER", "Call", "ServiceLimits", "make_call"]

IDEMPOTENCY_HEADER = "Idempotency-Key"
"""Says that requests with the same key are one (draft-ietf-httpapi-idempotency-key-header)."""

_SAFE = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLimits:
    """Time, size and tries of the calls of one client.

    Parameters
    ----------
    connect_timeout, read_timeout
        Seconds to wait for a connection, and for the next bytes.
    timeout
        Seconds for one call in all, retries included.
    max_attempts
        Tries in all, of what is safe to repeat.
    retry_delay
        Seconds that the first wait between tries is at the most; then doubled.
    max_bytes
        Bytes of an answer that are accepted.
    """

    connect_timeout: float = 1.0
    read_timeout: float = 5.0
    timeout: float = 10.0
    max_attempts: int = 3
    retry_delay: float = 0.1
    max_bytes: int = DEFAULT_MAX_BYTES


@dataclass(frozen=True, slots=True)
class Call:
    """A request but for its headers of the moment, and what may be done with it."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    repeatable: bool = False


def make_call(
    base_url: str,
    method: str,
    path: str,
    *,
    params: Mapping[str, Any] | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Call:
    """Put a call together.

    Parameters
    ----------
    base_url
        Where the service is.
    method, path
        The path below it, not encoded.
    params
        The query; None leaves a name out, a sequence repeats it.
    body
        JSON, or a pydantic model.
    headers
        Beside those for JSON, which they may replace.
    idempotency_key
        Makes a POST or PATCH safe to repeat.

    Raises
    ------
    ValidationError
        The path brings a query or a fragment along.

    Examples
    --------
    >>> call = make_call("http://localhost:8002", "get", "/notes", params={"of": "cust-1", "unread": True})
    >>> call.method, call.url, call.repeatable
    ('GET', 'http://localhost:8002/notes?of=cust-1&unread=true', True)
    >>> make_call("http://localhost:8002", "POST", "/notes", body={"text": "hi"}).body
    b'{"text":"hi"}'
    """
    method = method.upper()
    if "?" in path or "#" in path:
        raise ValidationError("give the query as params=, not as a part of the path")
    own = {"Accept": f"application/json, {PROBLEM_CONTENT_TYPE}"}
    content = None
    if body is not None:
        content = json.dumps(body, default=_jsonable, separators=(",", ":")).encode()
        own["Content-Type"] = "application/json"
    key = {} if idempotency_key is None else {IDEMPOTENCY_HEADER: idempotency_key}
    return Call(
        method,
        encoded_url(base_url, path) + _query(params),
        merged_headers(own, headers, key),
        content,
        repeatable=method in _SAFE or idempotency_key is not None,
    )


def _query(params: Mapping[str, Any] | None) -> str:
    given = {name: _text(value) for name, value in (params or {}).items() if value is not None}
    # A space is %20 and never +, as SigV4 wants it.
    return f"?{urlencode(given, doseq=True, quote_via=quote)}" if given else ""


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return [_text(item) for item in value] if isinstance(value, (list, tuple)) else value


def _jsonable(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    if dump is None:
        msg = f"{type(value).__name__} is neither JSON nor a pydantic model"
        raise TypeError(msg)
    return dump(mode="json")
