"""The four HTTP events of Lambda for one router: each is read by the data class of its own kind.

Powertools has a resolver for each kind. A function behind a function URL today and a load balancer tomorrow should
not change for it, so the event decides the kind.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aws_lambda_powertools.utilities.data_classes import ALBEvent, APIGatewayProxyEvent, LambdaFunctionUrlEvent

from ai_voice_shared.errors import InvalidPayloadError
from ai_voice_shared.utils.http_events import HttpEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

__all__ = ["ServiceEventV2", "as_get", "caller_id", "parse_json", "placeholder_event", "proxy_event"]


class ServiceEventV2(LambdaFunctionUrlEvent):
    """An event of payload format 2.0, of API Gateway or a function URL."""

    @property
    def path(self) -> str:
        """The decoded path without the stage, where the stage is in it: behind a custom domain it is not."""
        raw = self.raw_path
        stage = self.request_context.stage
        if stage and stage != "$default" and (raw == f"/{stage}" or raw.startswith(f"/{stage}/")):
            raw = raw[len(stage) + 1 :] or "/"
        # API Gateway decodes the path, a function URL passes it on as it was written.
        return unquote(raw)


def proxy_event(event: Any) -> BaseProxyEvent:
    """Return the data class of an event.

    Parameters
    ----------
    event
        As Lambda passes it.

    Raises
    ------
    InvalidPayloadError
        It is none of the four HTTP events.
    """
    context = event.get("requestContext") if isinstance(event, dict) else None
    if isinstance(context, dict):
        event = {**event, **_headers(event)}
        is_v1 = isinstance(event.get("httpMethod"), str) and isinstance(event.get("path"), str)
        if "elb" in context and is_v1:
            balanced = ALBEvent(event, parse_json)
            # A load balancer passes the query on as the caller encoded it.
            balanced.decode_query_parameters = True
            return balanced
        http = context.get("http")
        if isinstance(http, dict) and isinstance(http.get("method"), str) and isinstance(event.get("rawPath"), str):
            return ServiceEventV2({**event, "requestContext": {"stage": "$default", **context}}, parse_json)
        if is_v1 and "elb" not in context:
            return APIGatewayProxyEvent(event, parse_json)
    raise InvalidPayloadError("not an HTTP event of API Gateway, a function URL or a load balancer")


def _headers(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headers as Lambda passes them: a direct invoke can have anything there."""
    single, multiple = event.get("headers") or {}, event.get("multiValueHeaders") or {}
    if not (isinstance(single, dict) and isinstance(multiple, dict)):
        raise InvalidPayloadError("the event's headers are not an object")
    values = [*single.values()]
    for items in multiple.values():
        if not (isinstance(items, list) and items):
            raise InvalidPayloadError("the event's multi-value headers are not lists of values")
        values += items
    if not all(isinstance(value, str) for value in values):
        raise InvalidPayloadError("the event's headers are not strings")
    # A load balancer has them in one form or in the other; Powertools reads the content type from the first.
    return {
        "headers": single or {name: items[-1] for name, items in multiple.items()},
        "multiValueHeaders": multiple,
    }


def as_get(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same HTTP event with the method GET.

    Parameters
    ----------
    event
        As Lambda passes it.

    Examples
    --------
    >>> as_get({"httpMethod": "HEAD", "path": "/", "requestContext": {}})["httpMethod"]
    'GET'
    """
    context = event["requestContext"]
    http = {"http": {**context["http"], "method": "GET"}} if isinstance(context.get("http"), dict) else {}
    return {**event, "httpMethod": "GET", "requestContext": {**context, **http}}


def placeholder_event() -> BaseProxyEvent:
    """Return an event for what is not one, so that there is a kind to respond in: that of a function URL."""
    context = {"http": {"method": "", "path": "/"}, "stage": "$default"}
    return ServiceEventV2({"headers": {}, "rawPath": "/", "rawQueryString": "", "requestContext": context})


def caller_id(event: BaseProxyEvent) -> str:
    """Return what tells callers apart: the IAM identity that AWS has checked, else the address.

    An address that the caller wrote into a header himself is not believed.
    """
    context = event.raw_event.get("requestContext") or {}
    authorizer = context.get("authorizer")
    iam = authorizer.get("iam") if isinstance(authorizer, dict) else None
    if isinstance(iam, dict) and iam.get("userArn"):
        return str(iam["userArn"])
    for place in (context.get("http"), context.get("identity")):
        if isinstance(place, dict) and place.get("sourceIp"):
            return str(place["sourceIp"])
    # The load balancer appends the address that it sees to the header that the caller sent.
    forwarded = HttpEvent(event.raw_event).header("x-forwarded-for")
    return forwarded.rpartition(",")[2].strip() or "unknown"


def parse_json(text: str) -> Any:
    """Parse a body; whatever is not JSON is one and the same error, without the text.

    Parameters
    ----------
    text
        As the caller sent it.

    Raises
    ------
    json.JSONDecodeError
        It is not JSON, or of a depth or with numbers that Python does not read.

    Examples
    --------
    >>> parse_json('{"title": NaN}')
    Traceback (most recent call last):
        ...
    json.decoder.JSONDecodeError: not JSON: line 1 column 1 (char 0)
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        # ValueError: also numbers of too many digits, and NaN, which is Python's and not JSON.
        raise json.JSONDecodeError("not JSON", "", 0) from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
