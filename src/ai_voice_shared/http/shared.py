"""The clients that all callers in this process share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ai_voice_shared.http.client import HttpClient

if TYPE_CHECKING:
    from ai_voice_shared.http.async_client import AsyncHttpClient

__all__ = ["close_connections", "shared_async_http_client", "shared_http_client"]

_shared: dict[str, Any] = {}


def shared_http_client() -> HttpClient:
    """Return the process's synchronous client, whose pool of connections all callers share."""
    client: HttpClient = _shared.setdefault("sync", HttpClient())
    return client


def shared_async_http_client() -> AsyncHttpClient:
    """Return the process's asynchronous client."""
    from ai_voice_shared.http.async_client import AsyncHttpClient

    client: AsyncHttpClient = _shared.setdefault("async", AsyncHttpClient())
    return client


def close_connections() -> None:
    """Close the pooled connections of the shared clients, which stay usable and open new ones.

    Call it after a freeze or a restored snapshot, when every pooled socket is dead.
    """
    if "sync" in _shared:
        _shared["sync"].close()
    # The asynchronous client belongs to an event loop that ended with the snapshot.
    _shared.pop("async", None)
