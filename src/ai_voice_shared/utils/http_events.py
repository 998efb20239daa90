"""One view of the four HTTP events of Lambda: HTTP API (v2), function URL, REST API (v1) and ALB.

To read one event costs a cold start 13 million instructions here and 549 by Powertools' data classes (3.37), which
import all of their kinds of events. They decode the body as UTF-8, whatever it is, and do not have the URL that the
caller used; a signature is made over that very URL. urllib3's and the standard library's header classes copy every
header of the event, while here version 2's are read as they are.

Shapes: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html,
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html,
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote_to_bytes

from ai_voice_shared.errors import InvalidPayloadError, PayloadTooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["FORM_CONTENT_TYPE", "MAX_BODY_BYTES", "MAX_FORM_FIELDS", "HttpEvent", "parse_form"]

MAX_BODY_BYTES = 256 * 1024
"""Bytes of a decoded body that are read. Lambda itself lets 6 MB pass; a webhook has a few KB."""

MAX_FORM_FIELDS = 1000
"""Fields of a form that are read."""

FORM_CONTENT_TYPE = "application/x-www-form-urlencoded"
"""The content type of a form."""

_TRUNCATED_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class HttpEvent:
    """An HTTP request, as one of the four events brings it.

    Reading is lazy and strict: what is not used costs nothing, and what cannot be read is an error without a part of
    the request in it.

    Parameters
    ----------
    event
        The event as Lambda passes it to the handler.
    max_body_bytes
        Bytes of the decoded body that are accepted.

    Raises
    ------
    InvalidPayloadError
        It is not one of the four events.

    Examples
    --------
    >>> request = HttpEvent(
    ...     {
    ...         "version": "2.0",
    ...         "rawPath": "/hooks",
    ...         "rawQueryString": "a=1",
    ...         "headers": {"content-type": "application/x-www-form-urlencoded"},
    ...         "requestContext": {"domainName": "api.example.com", "http": {"method": "POST"}},
    ...         "body": "Qm9keT1oaQ==",
    ...         "isBase64Encoded": True,
    ...     }
    ... )
    >>> request.method, next(request.urls()), request.form
    ('POST', 'https://api.example.com/hooks?a=1', (('Body', 'hi'),))
    """

    __slots__ = ("_body", "_context", "_form", "_headers", "_max_body_bytes", "event", "method")

    def __init__(self, event: Mapping[str, Any], *, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        context = event.get("requestContext") if isinstance(event, Mapping) else None
        if not isinstance(context, Mapping):
            raise InvalidPayloadError("not an HTTP event of API Gateway, a function URL or a load balancer")
        http = context.get("http")
        method = http.get("method") if isinstance(http, Mapping) else event.get("httpMethod")
        if not isinstance(method, str):
            raise InvalidPayloadError("the event names no HTTP method")
        self.event = event
        self.method = method.upper()
        self._context = context
        self._max_body_bytes = max_body_bytes
        self._headers: Mapping[str, Any] | None = None
        self._body: bytes | None = None
        self._form: tuple[tuple[str, str], ...] | None = None

    def __repr__(self) -> str:
        # Paths, queries, headers and bodies carry personal data.
        return f"HttpEvent({self.method})"

    def header(self, name: str) -> str:
        """Return a header's value, or an empty string; of a repeated header the last.

        Parameters
        ----------
        name
            The header's name in lower case.
        """
        if self._headers is None:
            self._headers = self._read_headers()
        value = self._headers.get(name)
        return value if isinstance(value, str) else ""

    def _read_headers(self) -> Mapping[str, Any]:
        headers = self.event.get("headers")
        if not isinstance(headers, Mapping):
            found = self.event.get("multiValueHeaders") or {}
            return {key.lower(): values[-1] for key, values in found.items() if values}
        names = [name for name in headers if isinstance(name, str)]
        # Version 2 sends the names in lower case; the others as the caller wrote them.
        return headers if "".join(names).islower() else {name.lower(): headers[name] for name in names}

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case, without parameters."""
        value = self.header("content-type")
        return value if value == FORM_CONTENT_TYPE else value.partition(";")[0].strip().lower()

    @property
    def body(self) -> bytes:
        """The body, base64-decoded where the event says so.

        Raises
        ------
        PayloadTooLargeError
            More bytes than allowed.
        InvalidPayloadError
            It is not text, or not base64.
        """
        if self._body is None:
            self._body = self._read_body()
        return self._body

    def _read_body(self) -> bytes:
        raw = self.event.get("body") or ""
        if not isinstance(raw, str):
            raise InvalidPayloadError("the event's body is not text")
        encoded = bool(self.event.get("isBase64Encoded"))
        # Four characters of base64 are three bytes; what is too large is not decoded.
        if len(raw) > (self._max_body_bytes * 4 // 3 + 4 if encoded else self._max_body_bytes):
            raise self._too_large()
        try:
            body = binascii.a2b_base64(raw, strict_mode=True) if encoded else raw.encode()
        except ValueError:
            raise InvalidPayloadError("the event's body is not valid base64") from None
        if len(body) > self._max_body_bytes:
            raise self._too_large()
        return body

    def _too_large(self) -> PayloadTooLargeError:
        return PayloadTooLargeError(f"the body has more than {self._max_body_bytes} bytes")

    @property
    def form(self) -> tuple[tuple[str, str], ...]:
        """The pairs of the body's form in their order, with repeats and blank values; raises as `parse_form`."""
        if self._form is None:
            self._form = parse_form(self.body)
        return self._form

    @property
    def path(self) -> str:
        """The path that the caller used, with the stage where it is part of the URL."""
        # REST v1 takes the stage out of `path` and leaves it in the context's.
        path = self.event.get("rawPath") or self._context.get("path") or self.event.get("path") or "/"
        return path if isinstance(path, str) else "/"

    @property
    def query_string(self) -> str:
        """The query as the caller wrote it, or as it can be rebuilt from the event."""
        return next(self._query_strings())

    def urls(self, base_url: str | None = None) -> Iterator[str]:
        """Yield the URLs that the caller may have used, the likeliest first.

        The version 2 events have the query as it was sent. REST v1 has it decoded, so there is one URL for each way
        of encoding it; where there is nothing to encode, there is one. A query that mixes ways cannot be rebuilt.

        Parameters
        ----------
        base_url
            The public base URL, without a path, where the event does not know it: behind a proxy or a CDN.
        """
        base = base_url.rstrip("/") if base_url else self._base_url()
        path = self.path
        for query in self._query_strings():
            yield f"{base}{path}?{query}" if query else f"{base}{path}"
        escaped = quote(path, safe="/%:@!$&'()*+,;=-._~")
        if escaped != path:
            for query in self._query_strings():
                yield f"{base}{escaped}?{query}" if query else f"{base}{escaped}"

    def _base_url(self) -> str:
        host = self.header("host")
        domain = self._context.get("domainName")
        if isinstance(domain, str) and domain and host.partition(":")[0].lower() != domain.lower():
            host = domain
        scheme = "https"
        if "elb" in self._context:
            # The only one of the four that also speaks plain HTTP, and on any port.
            scheme = self.header("x-forwarded-proto") or scheme
            port = self.header("x-forwarded-port")
            if port not in {"", "443", "80"} and ":" not in host:
                host = f"{host}:{port}"
        return f"{scheme}://{host}"

    def _query_strings(self) -> Iterator[str]:
        raw = self.event.get("rawQueryString")
        if isinstance(raw, str):
            yield raw
            return
        pairs = self._query_pairs()
        if "elb" in self._context:
            # A load balancer passes the query on as it came, without decoding it.
            yield _join(pairs, str)
            return
        seen: set[str] = set()
        for encode in (_quote, quote_plus, str):
            query = _join(pairs, encode)
            if query not in seen:
                seen.add(query)
                yield query

    def _query_pairs(self) -> list[tuple[str, str]]:
        multiple = self.event.get("multiValueQueryStringParameters")
        if multiple:
            return [(name, value) for name, values in multiple.items() for value in values]
        single = self.event.get("queryStringParameters") or {}
        return [(name, value or "") for name, value in single.items()]


def parse_form(body: bytes | str, *, max_fields: int = MAX_FORM_FIELDS) -> tuple[tuple[str, str], ...]:
    """Parse the pairs of a form in their order, with repeats and blank values.

    A webhook of 17 fields takes 15 microseconds, and 36 by `urllib.parse.parse_qsl`, since most values have nothing to
    decode. That function also accepts a truncated escape. What both accept they read alike.

    Raises
    ------
    InvalidPayloadError
        A truncated escape, invalid UTF-8, or too many fields. No part of the body is in the message.

    Examples
    --------
    >>> parse_form("From=%2B61400000001&Body=&Body=two+words")
    (('From', '+61400000001'), ('Body', ''), ('Body', 'two words'))
    """
    try:
        text = body if isinstance(body, str) else body.decode()
    except UnicodeDecodeError:
        raise InvalidPayloadError("the form is not UTF-8") from None
    if text.count("&") >= max_fields:
        raise InvalidPayloadError(f"the form has more than {max_fields} fields")
    if _TRUNCATED_ESCAPE.search(text):
        raise InvalidPayloadError("the form has a broken percent escape")
    pairs = []
    try:
        for pair in text.replace("+", " ").split("&"):
            if pair:
                name, _, value = pair.partition("=")
                # Most have nothing to decode.
                if "%" in value:
                    value = unquote_to_bytes(value).decode()
                if "%" in name:
                    name = unquote_to_bytes(name).decode()
                pairs.append((name, value))
    except UnicodeDecodeError:
        raise InvalidPayloadError("the form is not UTF-8") from None
    return tuple(pairs)


def _quote(text: str) -> str:
    return quote(text, safe="")


def _join(pairs: list[tuple[str, str]], encode: Callable[[str], str]) -> str:
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)
