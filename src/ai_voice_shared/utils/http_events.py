"""One view of the four HTTP events of Lambda: HTTP API (v2), function URL, REST API (v1) and ALB.

To read one event costs a cold start 13 million instructions here and 549 million with Powertools' data classes (3.37),
which import all of their event types. They always decode the body as UTF-8 and do not provide the URL that the caller
used, over which signatures are made. urllib3's and the standard library's header classes copy every header of the
event, while version 2's are read here without a copy.

Formats: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html,
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
"""Maximum bytes of a decoded body. Lambda itself accepts 6 MB; a webhook has a few KB."""

MAX_FORM_FIELDS = 1000
"""Maximum fields of a form."""

FORM_CONTENT_TYPE = "application/x-www-form-urlencoded"
"""The content type of a form."""

_TRUNCATED_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class HttpEvent:
    """An HTTP request, from one of the four events.

    Reading is lazy and strict: unused parts cost nothing, and an invalid part is an error that contains no part of
    the request.

    Parameters
    ----------
    event
        The event as Lambda passes it to the handler.
    max_body_bytes
        Maximum bytes of the decoded body.

    Raises
    ------
    InvalidPayloadError
        The event is not one of the four.

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
            raise InvalidPayloadError("the event has no HTTP method")
        self.event = event
        self.method = method.upper()
        self._context = context
        self._max_body_bytes = max_body_bytes
        self._headers: Mapping[str, Any] | None = None
        self._body: bytes | None = None
        self._form: tuple[tuple[str, str], ...] | None = None

    def __repr__(self) -> str:
        # Paths, queries, headers and bodies contain personal data.
        return f"HttpEvent({self.method})"

    def header(self, name: str) -> str:
        """Return a header's value, or an empty string; the last value of a repeated header.

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
        # Version 2 sends the names in lower case; the others send them as the caller wrote them.
        return headers if "".join(names).islower() else {name.lower(): headers[name] for name in names}

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case, without parameters."""
        value = self.header("content-type")
        return value if value == FORM_CONTENT_TYPE else value.partition(";")[0].strip().lower()

    @property
    def body(self) -> bytes:
        """The body, base64-decoded if the event is marked so.

        Raises
        ------
        PayloadTooLargeError
            The body has too many bytes.
        InvalidPayloadError
            The body is not text, or not valid base64.
        """
        if self._body is None:
            self._body = self._read_body()
        return self._body

    def _read_body(self) -> bytes:
        raw = self.event.get("body") or ""
        if not isinstance(raw, str):
            raise InvalidPayloadError("the event's body is not text")
        encoded = bool(self.event.get("isBase64Encoded"))
        # Four characters of base64 are three bytes; a body that is too large is not decoded.
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
        """The pairs of the body's form in order, with repeats and blank values; raises as `parse_form`."""
        if self._form is None:
            self._form = parse_form(self.body)
        return self._form

    @property
    def path(self) -> str:
        """The path that the caller used, with the stage if it is part of the URL."""
        # REST v1 removes the stage from `path`, but not from the context's path.
        path = self.event.get("rawPath") or self._context.get("path") or self.event.get("path") or "/"
        return path if isinstance(path, str) else "/"

    @property
    def query_string(self) -> str:
        """The query as the caller wrote it, or as rebuilt from the event."""
        return next(self._query_strings())

    def urls(self, base_url: str | None = None) -> Iterator[str]:
        """Yield the URLs that the caller may have used, the most likely first.

        The version 2 events contain the query as it was sent. REST v1 decodes it, so there is one URL for each way
        of encoding it, and only one if there is nothing to encode. A query that mixes encodings cannot be rebuilt.

        Parameters
        ----------
        base_url
            The public base URL, without a path, if the event does not contain it: behind a proxy or a CDN.
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
            # The only one of the four that also serves plain HTTP, and on any port.
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
            # A load balancer passes the query through without decoding it.
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
    """Return the pairs of a form in order, with repeats and blank values.

    A webhook of 17 fields takes 15 microseconds, and 36 with `urllib.parse.parse_qsl`, since most values have nothing
    to decode. That function also accepts a truncated escape. The results for any form that both accept are the same.

    Raises
    ------
    InvalidPayloadError
        The form has a truncated escape, invalid UTF-8, or too many fields. The message contains no part of the body.

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
                # Most pairs have nothing to decode.
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
