"""Signed Twilio webhooks in all the shapes that Lambda gets them in, for the tests of services.

The events have what API Gateway, function URLs and load balancers really send, as far as a webhook handler reads it.
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

    from ai_voice_shared.services.twilio_service import TwilioService

__all__ = [
    "ACCOUNT_SID",
    "AUTH_TOKEN",
    "SHAPES",
    "EventShape",
    "TwilioWebhooks",
    "media_parameters",
    "message_parameters",
    "new_sid",
    "status_parameters",
    "twilio_event",
]

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
"""The account of the webhooks that are made here."""

AUTH_TOKEN = "a-token-that-opens-nothing"  # noqa: S105 - it says so
"""The token that they are signed with."""

EventShape: TypeAlias = Literal["http_api", "function_url", "rest_api", "alb", "alb_multi_value"]

SHAPES: tuple[EventShape, ...] = ("http_api", "function_url", "rest_api", "alb", "alb_multi_value")
"""Every shape: HTTP API (v2), function URL, REST API (v1), and a load balancer with and without multi-value headers."""


def new_sid(kind: str) -> str:
    """Make an id of Twilio's: two letters (`MM`, `SM`, `ME`) and 32 hexadecimal digits."""
    return kind + uuid.uuid4().hex


def message_parameters(media: Iterable[tuple[str, str]] = (), /, **parameters: str) -> dict[str, str]:
    """Make the parameters of an incoming WhatsApp message.

    Parameters
    ----------
    media
        URL and content type of each file; see `media_parameters`.
    **parameters
        More parameters, or other values, by Twilio's names (`From="whatsapp:US.1234ABC"`).

    Examples
    --------
    >>> sorted(message_parameters(Body="hello").items())[:3]
    [('AccountSid', 'AC0123...'), ('ApiVersion', '2010-04-01'), ('Body', 'hello')]
    """
    files = list(media)
    message_sid = parameters.get("MessageSid") or new_sid("MM" if files else "SM")
    made = {
        "SmsMessageSid": message_sid,
        "NumMedia": str(len(files)),
        "ProfileName": "Alex",
        "MessageType": "audio" if files else "text",
        "SmsSid": message_sid,
        "WaId": "61400000001",
        "SmsStatus": "received",
        "Body": "",
        "To": "whatsapp:+61400000000",
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": message_sid,
        "AccountSid": ACCOUNT_SID,
        "From": "whatsapp:+61400000001",
        "ApiVersion": "2010-04-01",
    }
    for number, (url, content_type) in enumerate(files):
        made |= {f"MediaContentType{number}": content_type, f"MediaUrl{number}": url}
    return made | parameters


def media_parameters(
    *sids: str, message_sid: str, content_type: str = "audio/ogg", api_base_url: str = "https://api.twilio.com"
) -> list[tuple[str, str]]:
    """Make the URL and the type of each media item, as `message_parameters` takes them."""
    folder = f"{api_base_url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{message_sid}/Media"
    return [(f"{folder}/{sid}", content_type) for sid in sids]


def status_parameters(status: str = "delivered", **parameters: str) -> dict[str, str]:
    """Make the parameters of a status callback; `**parameters` as in `message_parameters`."""
    message_sid = parameters.get("MessageSid") or new_sid("SM")
    made = {
        "ChannelPrefix": "whatsapp",
        "ApiVersion": "2010-04-01",
        "MessageStatus": status,
        "SmsSid": message_sid,
        "SmsStatus": status,
        "ChannelInstallSid": new_sid("XE"),
        "To": "whatsapp:+61400000001",
        "From": "whatsapp:+61400000000",
        "MessageSid": message_sid,
        "AccountSid": ACCOUNT_SID,
    }
    return made | parameters


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
    """Make the event of a signed webhook.

    Parameters
    ----------
    parameters
        The form's pairs, or a body that is no form, which is then not part of what is signed.
    shape
        Which of the events.
    url
        What Twilio was told to call. For `"rest_api"` the first part of its path is the stage.
    method
        With `"GET"` the parameters go into the query.
    token
        What it is signed with.
    signature
        A signature to use instead.
    content_type
        Of the body.
    base64
        Whether the body is encoded; by default as each shape does it.

    Examples
    --------
    >>> from ai_voice_shared.services.twilio_service import TwilioService
    >>> from ai_voice_shared.settings.twilio import TwilioSettings
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
        return event | _version_2(parts.path, parts.query, parts.hostname or "", method, headers, shape)
    if shape == "rest_api":
        return event | _version_1(parts.path, parts.query, parts.hostname or "", method, headers)
    return event | _load_balancer(parts.path, parts.query, method, headers, multi_value=shape == "alb_multi_value")


class TwilioWebhooks:
    """Signed webhooks of one account, and the service that takes them.

    Examples
    --------
    >>> webhooks = TwilioWebhooks()
    >>> webhooks.service.receive_message(webhooks.message(Body="hello")).body
    'hello'
    >>> webhooks.service.receive_message(webhooks.voice_note()).media[0].content_type
    'audio/ogg'
    """

    def __init__(self) -> None:
        self._service: TwilioService | None = None

    @property
    def service(self) -> TwilioService:
        """A `TwilioService` of the account."""
        if self._service is None:
            from ai_voice_shared.services.twilio_service import TwilioService
            from ai_voice_shared.settings.twilio import TwilioSettings

            self._service = TwilioService(TwilioSettings(account_sid=ACCOUNT_SID, auth_tokens=(AUTH_TOKEN,)))
        return self._service

    def message(self, *, shape: EventShape = "function_url", **parameters: str) -> dict[str, Any]:
        """Make the event of a text message; `**parameters` as in `message_parameters`."""
        return twilio_event(message_parameters(**parameters), shape=shape)

    def voice_note(
        self, *, shape: EventShape = "function_url", content_type: str = "audio/ogg", **parameters: str
    ) -> dict[str, Any]:
        """Make the event of a voice note."""
        message_sid = parameters.setdefault("MessageSid", new_sid("MM"))
        media = media_parameters(new_sid("ME"), message_sid=message_sid, content_type=content_type)
        return twilio_event(message_parameters(media, **parameters), shape=shape)

    def status(
        self, status: str = "delivered", *, shape: EventShape = "function_url", **parameters: str
    ) -> dict[str, Any]:
        """Make the event of a status callback."""
        return twilio_event(status_parameters(status, **parameters), shape=shape)

    def forged(self, **parameters: str) -> dict[str, Any]:
        """Make the event of a message that Twilio did not sign."""
        return twilio_event(message_parameters(**parameters), token="somebody-else-s-token")  # noqa: S106 - as above


def _version_2(
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


def _version_1(path: str, query: str, host: str, method: str, headers: dict[str, str]) -> dict[str, Any]:
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


def _load_balancer(path: str, query: str, method: str, headers: dict[str, str], *, multi_value: bool) -> dict[str, Any]:
    # A load balancer hands the query on without decoding it.
    pairs = [piece.partition("=")[::2] for piece in query.split("&") if piece]
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
