"""The routes of a service on an ASGI server, for development.

Powertools' `HttpResolverLocal` was ruled out: it is not the object that is deployed, its event differs from Lambda's,
it fails on a body that is not UTF-8, and it deadlocks under concurrent requests (see `resolver`). Here each request
becomes the event that a function URL would have sent, so that the code that runs locally is the code that runs in
Lambda.
"""

from __future__ import annotations

import asyncio
import base64
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

from ai_voice_shared.app.coroutines import server_loop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

__all__ = ["AsgiAdapter", "event_from_scope"]

MAX_REQUEST_BYTES = 6 * 1024 * 1024
"""Lambda's limit (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""


class AsgiAdapter:
    """An ASGI application (https://asgi.readthedocs.io/en/stable/specs/www.html) around a Lambda handler.

    Parameters
    ----------
    resolve
        Accepts an event of payload format 2.0 and a context, returns the response. It runs in a worker thread, and
        coroutine routes on the server's event loop.

    Examples
    --------
    Served by `uvicorn module:application`::

        application = create_service("my-service").asgi
    """

    def __init__(self, resolve: Callable[[dict[str, Any], Any], dict[str, Any]]) -> None:
        self._resolve = resolve

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve a connection."""
        if scope["type"] == "lifespan":
            for _ in range(2):
                await send({"type": f"{(await receive())['type']}.complete"})
            return
        if scope["type"] != "http":
            msg = f"{scope['type']} connections are not supported: Lambda has no such events"
            raise ValueError(msg)
        import anyio.to_thread

        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > MAX_REQUEST_BYTES:
                await _send(send, {"statusCode": 413, "headers": {"content-type": "text/plain"}, "body": "too large"})
                return
            if not message.get("more_body"):
                break
        server_loop.set(asyncio.get_running_loop())
        event = event_from_scope(scope, bytes(body))
        await _send(send, await anyio.to_thread.run_sync(self._resolve, event, None))


def event_from_scope(scope: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """Return a request as the event of a function URL.

    Parameters
    ----------
    scope
        The ASGI connection scope.
    body
        The whole body.

    Examples
    --------
    >>> event = event_from_scope({"method": "GET", "path": "/a b", "query_string": b"x=1", "headers": []}, b"")
    >>> event["rawPath"], event["rawQueryString"]
    ('/a%20b', 'x=1')
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        separator = "; " if name == "cookie" else ","
        headers[name] = f"{headers[name]}{separator}{value}" if name in headers else value
    raw_path = scope.get("raw_path")
    path = raw_path.decode("ascii", "replace").partition("?")[0] if raw_path else quote(scope["path"])
    query = scope.get("query_string", b"").decode("ascii", "replace")
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        # Format 2.0 joins repeated parameters with commas.
        "queryStringParameters": {
            name: ",".join(values) for name, values in parse_qs(query, keep_blank_values=True).items()
        },
        "cookies": [cookie for cookie in map(str.strip, headers.get("cookie", "").split(";")) if cookie],
        "headers": headers,
        "requestContext": {
            "http": {
                "method": scope["method"],
                "path": path,
                "protocol": f"HTTP/{scope.get('http_version', '1.1')}",
                "sourceIp": (scope.get("client") or ("127.0.0.1", 0))[0],
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "stage": "$default",
        },
        "body": base64.b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body),
    }


async def _send(send: Send, response: Mapping[str, Any]) -> None:
    body = response.get("body") or ""
    content = base64.b64decode(body) if response.get("isBase64Encoded") else body.encode()
    headers = [(name.lower().encode(), str(value).encode("latin-1")) for name, value in response["headers"].items()]
    headers += [(b"set-cookie", cookie.encode("latin-1")) for cookie in response.get("cookies", ())]
    headers.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": response["statusCode"], "headers": headers})
    await send({"type": "http.response.body", "body": content})
