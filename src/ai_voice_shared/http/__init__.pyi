# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
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

__all__ = [
    "AsyncHttpClient",
    "AsyncHttpStream",
    "DEFAULT_MAX_BYTES",
    "HttpClient",
    "HttpRequest",
    "HttpResponse",
    "HttpStream",
    "build_url",
    "close_connections",
    "merge_headers",
    "shared_async_http_client",
    "shared_http_client",
]
