"""The transport over HTTP, with SigV4 for function URLs with AWS_IAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared.errors import MissingSettingError
from ai_voice_shared.http import HttpRequest, shared_async_http_client, shared_http_client
from ai_voice_shared.observability.propagation import outgoing_headers
from ai_voice_shared.services.customer_lookup.contract import LOOKUP_PATH, MAX_RESPONSE_BYTES, SERVICE, LookupResponse

if TYPE_CHECKING:
    from ai_voice_shared.http import AsyncHttpClient, HttpClient
    from ai_voice_shared.services.customer_lookup.contract import LookupRequest
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

__all__ = ["AsyncHttpTransport", "HttpTransport"]


class HttpTransport:
    """Sends a POST to the server.

    Parameters
    ----------
    settings
        URL, authentication and timeouts.
    client
        By default the one of the process.
    """

    def __init__(self, settings: CustomerLookupSettings, client: HttpClient | None = None) -> None:
        self._settings = settings
        self._client = client

    def send(self, request: LookupRequest, timeout: float) -> LookupResponse:
        """Send a request; as `Transport.send`."""
        http_request = _create_http_request(self._settings, request, timeout)
        response = (self._client or shared_http_client()).send(http_request)
        return LookupResponse(response.status_code, response.headers, response.content)


class AsyncHttpTransport:
    """The async counterpart of `HttpTransport`."""

    def __init__(self, settings: CustomerLookupSettings, client: AsyncHttpClient | None = None) -> None:
        self._settings = settings
        self._client = client

    async def send(self, request: LookupRequest, timeout: float) -> LookupResponse:  # noqa: ASYNC109 - part of the request
        """Send a request; as `Transport.send`."""
        http_request = _create_http_request(self._settings, request, timeout)
        response = await (self._client or shared_async_http_client()).send(http_request)
        return LookupResponse(response.status_code, response.headers, response.content)


def _create_http_request(settings: CustomerLookupSettings, request: LookupRequest, timeout: float) -> HttpRequest:
    # The number is in the body, because URLs are written to access logs.
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
        # Not signed: a proxy may replace trace headers.
        headers={**headers, **outgoing_headers()},
        content=body,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        timeout=timeout,
        max_bytes=MAX_RESPONSE_BYTES,
        service=SERVICE,
        # A lookup changes nothing.
        idempotent=True,
    )
