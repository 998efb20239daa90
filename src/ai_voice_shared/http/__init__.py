"""The HTTP clients of this package, `HttpClient` and `AsyncHttpClient`, with one interface and one behaviour.

They share one TLS context per process, follow no redirects, read neither environment proxies nor netrc, limit the size
of bodies after decompression and the time of the whole exchange rather than of each read, replace a pooled connection
that died in a freeze, never reuse a connection that received more than one response, and raise errors of this package,
which contain nothing that was sent or received.
"""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".async_client": ("AsyncHttpClient", "AsyncHttpStream"),
        ".client": ("HttpClient", "HttpStream"),
        ".messages": ("DEFAULT_MAX_BYTES", "HttpRequest", "HttpResponse", "build_url", "merge_headers"),
        ".shared": ("close_connections", "shared_async_http_client", "shared_http_client"),
    },
)
