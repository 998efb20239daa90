"""The ways to the server: HTTP, HTTP with SigV4, direct Lambda invoke. Each sends one question and gives the answer.

A transport raises what went wrong on the way and leaves what the answer means to `contract.interpret`. Each way is a
module of its own, for a function uses one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.services.customer_lookup.contract import LookupReply, LookupRequest
    from ai_voice_shared.services.customer_lookup.http_transport import AsyncHttpTransport, HttpTransport
    from ai_voice_shared.services.customer_lookup.lambda_transport import AsyncLambdaTransport, LambdaTransport
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

__all__ = [
    "AsyncHttpTransport",
    "AsyncLambdaTransport",
    "AsyncTransport",
    "HttpTransport",
    "LambdaTransport",
    "Transport",
    "async_transport_for",
    "transport_for",
]

__getattr__, __dir__, _ = lazy_exports(
    __name__,
    {
        "AsyncHttpTransport": "ai_voice_shared.services.customer_lookup.http_transport",
        "AsyncLambdaTransport": "ai_voice_shared.services.customer_lookup.lambda_transport",
        "HttpTransport": "ai_voice_shared.services.customer_lookup.http_transport",
        "LambdaTransport": "ai_voice_shared.services.customer_lookup.lambda_transport",
    },
)


class Transport(Protocol):
    """A way to the server."""

    def send(self, request: LookupRequest, timeout: float) -> LookupReply:
        """Send a question; `timeout` is in seconds, for all of it.

        Raises
        ------
        ServiceError
            No answer; a retryable one where asking again can help.
        """


class AsyncTransport(Protocol):
    """A way to the server for coroutines."""

    async def send(self, request: LookupRequest, timeout: float) -> LookupReply:  # noqa: ASYNC109 - one limit for all
        """Send a question; as `Transport.send`."""


def transport_for(settings: CustomerLookupSettings, *, lambda_client: Any = None) -> Transport:
    """Choose the way that the settings name: a URL first, then a function.

    Examples
    --------
    >>> from ai_voice_shared import CustomerLookupSettings
    >>> type(transport_for(CustomerLookupSettings(url="https://lookup.example.com"))).__name__
    'HttpTransport'
    >>> type(transport_for(CustomerLookupSettings(function_name="customer-lookup-server"))).__name__
    'LambdaTransport'
    """
    if settings.url is not None and lambda_client is None:
        from ai_voice_shared.services.customer_lookup.http_transport import HttpTransport

        return HttpTransport(settings)
    from ai_voice_shared.services.customer_lookup.lambda_transport import LambdaTransport

    return LambdaTransport(settings, lambda_client)


def async_transport_for(settings: CustomerLookupSettings, *, lambda_client: Any = None) -> AsyncTransport:
    """Choose the way for coroutines."""
    if settings.url is not None and lambda_client is None:
        from ai_voice_shared.services.customer_lookup.http_transport import AsyncHttpTransport

        return AsyncHttpTransport(settings)
    from ai_voice_shared.services.customer_lookup.lambda_transport import AsyncLambdaTransport

    return AsyncLambdaTransport(settings, lambda_client)
