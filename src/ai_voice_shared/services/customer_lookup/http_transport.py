"""The way to the server over HTTP, with SigV4 where its function URL wants that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared.errors import MissingSettingError
from ai_voice_shared.http import HttpRequest, shared_async_http_client, shared_http_client
from ai_voice_shared.observability.propagation import outgoing_headers
from ai_voice_shared.services.customer_lookup.contract import LOOKUP_PATH, MAX_ANSWER, SERVICE, LookupReply

if TYPE_CHECKING:
    from ai_voice_shared.http import AsyncHttpClient, HttpClient
    from ai_voice_shared.services.customer_lookup.contract import LookupRequest
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

__all__ = ["AsyncHttpTransport", "HttpTransport"]


class HttpTransport:
    """A POST to the server, signed where its function URL wants that.

    Parameters
    ----------
    settings
        URL, authentication and time limits.
    client
        By default the process's own.
    """

    def __init__(self, settings: CustomerLookupSettings, client: HttpClient | None = None) -> None:
        self._settings = settings
        self._client = client

    def send(self, request: LookupRequest, timeout: float) -> LookupReply:
        """Send a question."""
        client = self._client or shared_http_client()
        answer = client.send(_http_request(self._settings, request, timeout))
        return LookupReply(answer.status_code, answer.headers, answer.content)


class AsyncHttpTransport:
    """The same for coroutines."""

    def __init__(self, settings: CustomerLookupSettings, client: AsyncHttpClient | None = None) -> None:
        self._settings = settings
        self._client = client

    async def send(self, request: LookupRequest, timeout: float) -> LookupReply:  # noqa: ASYNC109 - one limit for all
        """Send a question."""
        client = self._client or shared_async_http_client()
        answer = await client.send(_http_request(self._settings, request, timeout))
        return LookupReply(answer.status_code, answer.headers, answer.content)


def _http_request(settings: CustomerLookupSettings, request: LookupRequest, timeout: float) -> HttpRequest:
    # The number is in the body: URLs end up in access logs.
    url = (settings.url or "").rstrip("/") + LOOKUP_PATH
    body = request.body
    headers = {"Content-Type": "application/json", "Accept": "application/json, application/problem+json"}
    if settings.auth == "iam":
        from ai_voice_shared.security.sigv4 import credentials, sign

        if settings.region is None:
            raise MissingSettingError("region", type(settings).__name__, settings.variables("region"))
        headers = sign("POST", url, headers, body, service="lambda", region=settings.region, credentials=credentials())
    return HttpRequest(
        method="POST",
        url=url,
        # After the signature: whatever stands between may write its own trace headers.
        headers={**headers, **outgoing_headers()},
        content=body,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        timeout=timeout,
        max_bytes=MAX_ANSWER,
        service=SERVICE,
        # A lookup changes nothing.
        repeatable=True,
    )
