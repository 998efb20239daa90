"""Events of signed Twilio webhooks.

They contain what API Gateway, function URLs and load balancers send, as far as a webhook handler reads it.
"""

from __future__ import annotations

import base64 as base64_module
import uuid
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from ai_voice_shared.security.twilio_signature import SIGNATURE_HEADER, compute_signature
from ai_voice_shared.utils.http_events import FORM_CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["ACCOUNT_SID", "AUTH_TOKEN", "SHAPES", "EventShape", "twilio_event"]

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
"""The account of the webhooks."""

AUTH_TOKEN = "a-fake-token"  # noqa: S105 - a fake
"""The token that signs them."""

EventShape: TypeAlias = Literal["http_api", "function_url", "rest_api", "alb", "alb_multi_value"]

SHAPES: tuple[EventShape, ...] = ("http_api", "function_url", "rest_api", "alb", "alb_multi_value")
"""Every shape: HTTP API (v2), function URL, REST API (v1), and a load balancer with and without multi-value headers."""


def twilio_event(
    parameters: Mapping[str, str] | Iterable[tuple[str, str]] | str,
    *,
    shape: EventShape = "function_url",
    url: str = "https://hooks.example.com/prod/webhook",
    method: str = "POST",
    token: str = AUTH_TOKEN,
    signature: str | None = None,
    content_type: str = f"{FORM_CONTENT_TYPE}; charset=UTF-8",
    base64: bool | None = None,
) -> dict[str, Any]:
    """Create the event of a signed webhook.

    Parameters
    ----------
    parameters
        The form's pairs, or a body that is not a form, which the signature does not cover.
    shape
        The event source.
    url
        The URL that Twilio calls. For `"rest_api"` the first part of its path is the stage.
    method
        `"GET"` sends the parameters in the query.
    token
        The token to sign with.
    signature
        A signature to send instead.
    content_type
        Content type of the body.
    base64
        Whether the body is base64-encoded; by default as the event source does it.

    Examples
    --------
    >>> from ai_voice_shared.services.twilio.client import TwilioService
    >>> from ai_voice_shared.settings.twilio import TwilioSettings
    >>> from ai_voice_shared.testing.twilio import message_parameters
    >>> service = TwilioService(TwilioSettings(account_sid=ACCOUNT_SID, auth_tokens=(AUTH_TOKEN,)))
    >>> service.receive_message(twilio_event(message_parameters(Body="hello"), shape="rest_api")).body
    'hello'
    """
    pairs: list[tuple[str, str]] = []
    if isinstance(parameters, str):
        body = parameters
    else:
        pairs = list(parameters.items() if hasattr(parameters, "items") else parameters)
        body = urlencode(pairs)
    if method == "GET":
        url, body, pairs = f"{url}{'&' if '?' in url else '?'}{body}", "", []
    parts = urlsplit(url)
    headers = {
        "Host": parts.netloc,
        "Content-Type": content_type,
        "User-Agent": "TwilioProxy/1.1",
        "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        SIGNATURE_HEADER: compute_signature(url, pairs, token) if signature is None else signature,
        "X-Forwarded-Proto": parts.scheme,
        "X-Forwarded-Port": str(parts.port or (443 if parts.scheme == "https" else 80)),
    }
    if method == "GET":
        del headers["Content-Type"]
    encoded = shape in {"http_api", "function_url"} if base64 is None else base64
    event: dict[str, Any] = {
        "body": (base64_module.b64encode(body.encode()).decode() if encoded else body) or None,
        "isBase64Encoded": encoded,
    }
    if shape in {"http_api", "function_url"}:
        return event | _create_v2_fields(parts.path, parts.query, parts.hostname or "", method, headers, shape)
    if shape == "rest_api":
        return event | _create_v1_fields(parts.path, parts.query, parts.hostname or "", method, headers)
    return event | _create_alb_fields(parts.path, parts.query, method, headers, multi_value=shape == "alb_multi_value")


def _create_v2_fields(
    path: str, query: str, host: str, method: str, headers: dict[str, str], shape: EventShape
) -> dict[str, Any]:
    stage = path.split("/")[1] if shape == "http_api" else "$default"
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {name.lower(): value for name, value in headers.items()},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "a1b2c3",
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9"},
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": stage,
        },
    }


def _create_v1_fields(path: str, query: str, host: str, method: str, headers: dict[str, str]) -> dict[str, Any]:
    stage = path.split("/")[1]
    multiple: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        multiple.setdefault(name, []).append(value)
    inner = path.removeprefix(f"/{stage}") or "/"
    return {
        "resource": "/{proxy+}",
        "path": inner,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in multiple.items()} or None,
        "multiValueQueryStringParameters": multiple or None,
        "pathParameters": {"proxy": inner.lstrip("/")},
        "requestContext": {
            "domainName": host,
            "httpMethod": method,
            "path": path,
            "requestId": str(uuid.uuid4()),
            "stage": stage,
        },
    }


def _create_alb_fields(
    path: str, query: str, method: str, headers: dict[str, str], *, multi_value: bool
) -> dict[str, Any]:
    # A load balancer does not decode the query.
    pairs = [part.partition("=")[::2] for part in query.split("&") if part]
    multiple: dict[str, list[str]] = {}
    for name, value in pairs:
        multiple.setdefault(name, []).append(value)
    sent = {name.lower(): value for name, value in headers.items()}
    event: dict[str, Any] = {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/t/1"}},
        "httpMethod": method,
        "path": path,
    }
    if multi_value:
        event["multiValueHeaders"] = {name: [value] for name, value in sent.items()}
        event["multiValueQueryStringParameters"] = multiple
    else:
        event["headers"] = sent
        event["queryStringParameters"] = {name: values[-1] for name, values in multiple.items()}
    return event
