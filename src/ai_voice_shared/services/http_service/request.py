"""Requests to a service: limits, URL, headers and body."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ai_voice_shared.errors import ValidationError
from ai_voice_shared.http import DEFAULT_MAX_BYTES, build_url, merge_headers
from ai_voice_shared.problems import PROBLEM_CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["IDEMPOTENCY_HEADER", "ServiceLimits", "ServiceRequest", "create_request"]

IDEMPOTENCY_HEADER = "Idempotency-Key"
"""The header of the idempotency key (draft-ietf-httpapi-idempotency-key-header)."""

_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLimits:
    """Timeouts, size and attempts of the requests of one client.

    Parameters
    ----------
    connect_timeout, read_timeout
        Seconds to wait for a connection, and for the next bytes.
    timeout
        Seconds for a request, including its retries.
    max_attempts
        Maximum number of attempts of an idempotent request.
    retry_delay
        Maximum delay in seconds before the first retry; doubled for each further one.
    max_bytes
        Maximum size of a response.
    """

    connect_timeout: float = 1.0
    read_timeout: float = 5.0
    timeout: float = 10.0
    max_attempts: int = 3
    retry_delay: float = 0.1
    max_bytes: int = DEFAULT_MAX_BYTES


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """A request without the parts of a single attempt: signature, trace headers and timeout."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    idempotent: bool = False


def create_request(
    base_url: str,
    method: str,
    path: str,
    *,
    params: Mapping[str, Any] | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> ServiceRequest:
    """Create a request.

    Parameters
    ----------
    base_url
        The address of the service.
    method, path
        The path below it, not encoded.
    params
        The query; None omits a name, a sequence repeats it.
    body
        A JSON value, or a pydantic model.
    headers
        Additional headers, which may replace those for JSON.
    idempotency_key
        Makes a POST or PATCH idempotent.

    Raises
    ------
    ValidationError
        The path contains a query or a fragment.

    Examples
    --------
    >>> request = create_request("http://localhost:8002", "get", "/notes", params={"of": "cust-1", "unread": True})
    >>> request.method, request.url, request.idempotent
    ('GET', 'http://localhost:8002/notes?of=cust-1&unread=true', True)
    >>> create_request("http://localhost:8002", "POST", "/notes", body={"text": "hi"}).body
    b'{"text":"hi"}'
    """
    method = method.upper()
    if "?" in path or "#" in path:
        raise ValidationError("pass the query as params=, not in the path")
    defaults = {"Accept": f"application/json, {PROBLEM_CONTENT_TYPE}"}
    content = None
    if body is not None:
        content = json.dumps(body, default=_to_json, separators=(",", ":")).encode()
        defaults["Content-Type"] = "application/json"
    key_header = {} if idempotency_key is None else {IDEMPOTENCY_HEADER: idempotency_key}
    return ServiceRequest(
        method,
        build_url(base_url, path) + _encode_query(params),
        merge_headers(defaults, headers, key_header),
        content,
        idempotent=method in _IDEMPOTENT or idempotency_key is not None,
    )


def _encode_query(params: Mapping[str, Any] | None) -> str:
    given = {name: _to_text(value) for name, value in (params or {}).items() if value is not None}
    # SigV4 requires a space to be %20, never +.
    return f"?{urlencode(given, doseq=True, quote_via=quote)}" if given else ""


def _to_text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return [_to_text(item) for item in value] if isinstance(value, (list, tuple)) else value


def _to_json(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    if dump is None:
        msg = f"{type(value).__name__} is neither a JSON value nor a pydantic model"
        raise TypeError(msg)
    return dump(mode="json")
