"""Takes a request apart for `http.client`, and refuses what would not go out as it is."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, NamedTuple

from ai_voice_shared.http.errors import InvalidRequestError

if TYPE_CHECKING:
    from ai_voice_shared.http.messages import HttpRequest

__all__ = ["Server", "taken_apart"]

_PORTS = {"http": 80, "https": 443}
_HOST_CHARACTERS = frozenset(string.ascii_lowercase + string.digits + "-._:")
# RFC 9110 section 5.6.2.
_TOKEN_CHARACTERS = frozenset(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
_DEFAULT_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": "ai-voice-shared"}
_ONCE = frozenset({"content-length", "host"})
_EXPECT_A_BODY = frozenset({"POST", "PUT", "PATCH"})


class Server(NamedTuple):
    """Where a connection leads to."""

    scheme: str
    host: str
    port: int


def taken_apart(request: HttpRequest) -> tuple[Server, str, dict[str, str]]:
    """Give a request's server, its target and its headers.

    Raises
    ------
    InvalidRequestError
        Its URL, its method or a header is none.
    """
    server, target, user = _parsed(request.url)
    names = {name.lower() for name in request.headers}
    length = str(len(request.content or b""))
    if not request.method or not set(request.method) <= _TOKEN_CHARACTERS:
        raise InvalidRequestError
    if [name.lower() in _ONCE for name in request.headers].count(True) > len(names & _ONCE):
        raise InvalidRequestError
    for name, value in request.headers.items():
        if not name or not set(name) <= _TOKEN_CHARACTERS or not _is_value(value):
            raise InvalidRequestError
        # Else the rest of the body would be the connection's next request.
        if name.lower() == "transfer-encoding" or (name.lower() == "content-length" and value != length):
            raise InvalidRequestError
    host = f"[{server.host}]" if ":" in server.host else server.host
    own = {"Host": host if server.port == _PORTS[server.scheme] else f"{host}:{server.port}", **_DEFAULT_HEADERS}
    if user:
        import base64
        from urllib.parse import unquote_to_bytes

        name, _, password = user.partition(":")
        pair = unquote_to_bytes(name) + b":" + unquote_to_bytes(password)
        own["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    if request.content is not None or request.method.upper() in _EXPECT_A_BODY:
        own["Content-Length"] = length
    headers = {name: value for name, value in own.items() if name.lower() not in names}
    return server, target, {**headers, **request.headers}


def _is_value(value: str) -> bool:
    return value.isascii() and value == value.strip() and (value.isprintable() or value.replace("\t", "").isprintable())


def _parsed(url: str) -> tuple[Server, str, str]:
    """Give the server, the target as it stands in the URL, and the user with the password."""
    from urllib.parse import urlsplit

    scheme, _, rest = url.partition("#")[0].partition("://")
    scheme = scheme.lower()
    # Spaces and control characters are not printable in a URL that is encoded.
    if scheme not in _PORTS or not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidRequestError
    end = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
    user, _, authority = rest[:end].rpartition("@")
    try:
        parts = urlsplit(f"//{authority}")
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidRequestError from error
    # A backslash is a slash to some, and then what stands before it is the host.
    if "\\" in user or not host or host[0] == "." or not set(host) <= _HOST_CHARACTERS:
        raise InvalidRequestError
    target = rest[end:]
    server = Server(scheme, host, _PORTS[scheme] if port is None else port)
    return server, target if target[:1] == "/" else f"/{target}", user
