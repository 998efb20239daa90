"""Preparation of a request for either client: it is sent exactly as it was signed, or rejected.

urllib3 and httpx both normalise a URL (escapes in upper case, `..` resolved, spaces encoded), each in its own way,
after it was signed; `urllib.parse` strips some characters. Therefore the target is a slice of the original URL.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ai_voice_shared.http.errors import InvalidRequestError

if TYPE_CHECKING:
    from ai_voice_shared.http.messages import HttpRequest

__all__ = ["PreparedRequest", "prepare_request"]

_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65_535
# Some parsers read a backslash as a slash, which would end the host there.
_URL = re.compile(r"(?i)(https?)://(?:([!-.0->A-\[\]-~]*)@)?(\[[0-9a-f.:]+\]|[a-z0-9_-][a-z0-9._-]*)(?::([0-9]{0,5}))?")
_TARGET = re.compile(r"(?:[/?][!-~]*)?")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"(?:[!-~](?:[\t -~]*[!-~])?)?")
_DEFAULT_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip", "User-Agent": "ai-voice-shared"}
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class PreparedRequest(NamedTuple):
    """A request in the parts that a connection needs."""

    method: str
    scheme: str
    host: str
    port: int
    target: str
    headers: dict[str, str]


def prepare_request(request: HttpRequest) -> PreparedRequest:
    """Return a request in its parts, with the required headers.

    Raises
    ------
    InvalidRequestError
        The URL, the method or a header is not valid.

    Examples
    --------
    >>> from ai_voice_shared.http import HttpRequest
    >>> prepare_request(HttpRequest(method="get", url="https://api.example.com?a=%2f")).target
    '/?a=%2f'
    """
    url = request.url.partition("#")[0]
    match = _URL.match(url)
    if match is None or not _TARGET.fullmatch(url, match.end()) or not _TOKEN.fullmatch(request.method):
        raise InvalidRequestError
    scheme, user, host = match[1].lower(), match[2], match[3].lower()
    port = int(match[4]) if match[4] else _PORTS[scheme]
    if port > _MAX_PORT:
        raise InvalidRequestError
    content_length = str(len(request.content or b""))
    names = [name.lower() for name in request.headers]
    for name, value in request.headers.items():
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise InvalidRequestError
        # Otherwise the rest of the body would be read as the next request.
        if name.lower() == "transfer-encoding" or (name.lower() == "content-length" and value != content_length):
            raise InvalidRequestError
    if names.count("host") > 1 or names.count("content-length") > 1:
        raise InvalidRequestError
    headers = {"Host": host if port == _PORTS[scheme] else f"{host}:{port}", **_DEFAULT_HEADERS}
    if user:
        headers["Authorization"] = _basic_authorization(user)
    method = request.method.upper()
    if request.content is not None or method in _METHODS_WITH_BODY:
        headers["Content-Length"] = content_length
    headers = {name: value for name, value in headers.items() if name.lower() not in names}
    target = url[match.end() :]
    target = target if target.startswith("/") else f"/{target}"
    return PreparedRequest(method, scheme, host.strip("[]"), port, target, {**headers, **request.headers})


def _basic_authorization(user: str) -> str:
    import base64
    from urllib.parse import unquote_to_bytes

    name, _, password = user.partition(":")
    pair = unquote_to_bytes(name) + b":" + unquote_to_bytes(password)
    return f"Basic {base64.b64encode(pair).decode()}"
