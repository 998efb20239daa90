"""The HTTP clients of this package, `HttpClient` and `AsyncHttpClient`, with one interface and one behaviour.

They do what a function needs: one TLS context per process, no redirects followed, no environment proxies or netrc
read, a body that is cut off at a cap also where it is compressed, time limits for the whole exchange and not only for
each read, a fresh connection in place of a pooled one that died in a freeze, no second use of a connection on which
more came than one response, and errors of this package, which repeat nothing of what was sent or received.
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
