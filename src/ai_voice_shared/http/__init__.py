"""The HTTP clients of this package, `HttpClient` and `AsyncHttpClient`, with one interface and one behaviour.

They do what a function needs: one TLS context per process, no redirects followed, no environment proxies or netrc
read, a body that is cut off at a cap also where it is compressed, time limits for the whole exchange and not only for
each read, a fresh connection in place of a pooled one that died in a freeze, no second use of a connection on which
more came than one response, and errors of this package, which repeat nothing of what was sent or received.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.http.async_client import AsyncHttpClient as AsyncHttpClient
    from ai_voice_shared.http.async_client import AsyncHttpStream as AsyncHttpStream
    from ai_voice_shared.http.client import HttpClient as HttpClient
    from ai_voice_shared.http.client import HttpStream as HttpStream
    from ai_voice_shared.http.messages import DEFAULT_MAX_BYTES as DEFAULT_MAX_BYTES
    from ai_voice_shared.http.messages import HttpRequest as HttpRequest
    from ai_voice_shared.http.messages import HttpResponse as HttpResponse
    from ai_voice_shared.http.messages import build_url as build_url
    from ai_voice_shared.http.messages import merge_headers as merge_headers
    from ai_voice_shared.http.shared import close_connections as close_connections
    from ai_voice_shared.http.shared import shared_async_http_client as shared_async_http_client
    from ai_voice_shared.http.shared import shared_http_client as shared_http_client

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "DEFAULT_MAX_BYTES": ".messages",
        "AsyncHttpClient": ".async_client",
        "AsyncHttpStream": ".async_client",
        "HttpClient": ".client",
        "HttpRequest": ".messages",
        "HttpResponse": ".messages",
        "HttpStream": ".client",
        "build_url": ".messages",
        "close_connections": ".shared",
        "merge_headers": ".messages",
        "shared_async_http_client": ".shared",
        "shared_http_client": ".shared",
    },
)
