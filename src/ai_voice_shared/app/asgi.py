"""The routes of a service on an ASGI server, for development.

Powertools has a resolver of its own for that. It knows another event than Lambda's, reads a body as UTF-8 whatever it
is, and is another object than the one that is deployed; here each request becomes the event that a function URL would
have sent, so that what runs locally is what runs in Lambda.
"""

from __future__ import annotations

import base64
import functools
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

__all__ = ["AsgiAdapter", "event_from_scope"]

MAX_REQUEST_BYTES = 6 * 1024 * 1024
"""What Lambda takes at the most (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""


class AsgiAdapter:
    """An ASGI application (https://asgi.readthedocs.io/en/stable/specs/www.html) around a Lambda handler.

    Parameters
    ----------
    answer
        Takes an event of payload format 2.0 and a context, gives the answer. It runs in a worker thread.

    Examples
    --------
    Served by `uvicorn module:application`::

        application = create_service("my-service").asgi
    """

    def __init__(self, answer: Callable[[dict[str, Any], Any], dict[str, Any]]) -> None:
        self._answer = answer

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Serve a connection."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            msg = f"{scope['type']} is not served: Lambda has no such events"
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
        event = event_from_scope(scope, bytes(body))
        await _send(send, await anyio.to_thread.run_sync(functools.partial(self._answer, event, None)))


def event_from_scope(scope: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """Write a request as the event of a function URL.

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
    cookies: list[str] = []
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "cookie":
            cookies += [cookie.strip() for cookie in value.split(";") if cookie.strip()]
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    raw_path = scope.get("raw_path")
    path = raw_path.decode("ascii", "replace").partition("?")[0] if raw_path else quote(scope["path"])
    client = scope.get("client") or ("127.0.0.1", 0)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": scope.get("query_string", b"").decode("ascii", "replace"),
        "queryStringParameters": _query(scope.get("query_string", b"")),
        "cookies": cookies,
        "headers": headers,
        "requestContext": {
            "http": {
                "method": scope["method"],
                "path": path,
                "protocol": f"HTTP/{scope.get('http_version', '1.1')}",
                "sourceIp": client[0],
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "stage": "$default",
        },
        "body": base64.b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body),
    }


def _query(query_string: bytes) -> dict[str, str]:
    from urllib.parse import parse_qsl

    pairs: dict[str, str] = {}
    for name, value in parse_qsl(query_string.decode("ascii", "replace"), keep_blank_values=True):
        # Format 2.0 joins repeated parameters with commas.
        pairs[name] = f"{pairs[name]},{value}" if name in pairs else value
    return pairs


async def _lifespan(
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _send(send: Callable[[MutableMapping[str, Any]], Awaitable[None]], answer: Mapping[str, Any]) -> None:
    body = answer.get("body") or ""
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    headers = [(name.lower().encode(), str(value).encode("latin-1")) for name, value in answer["headers"].items()]
    headers += [(b"set-cookie", cookie.encode("latin-1")) for cookie in answer.get("cookies", ())]
    headers.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": answer["statusCode"], "headers": headers})
    await send({"type": "http.response.body", "body": content})
