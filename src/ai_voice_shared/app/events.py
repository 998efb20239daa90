"""The four HTTP events of Lambda for one router, each parsed by its own data class.

Powertools has a resolver for each event source. A function that moves from a function URL to a load balancer should not
have to change, so the data class is chosen by the event.
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
        """The decoded path without the stage, which it has unless the domain is a custom one."""
        raw = self.raw_path
        stage = self.request_context.stage
        if stage and stage != "$default" and (raw == f"/{stage}" or raw.startswith(f"/{stage}/")):
            raw = raw[len(stage) + 1 :] or "/"
        # API Gateway decodes the path; a function URL passes it on encoded.
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
        The event is not one of the four HTTP events.
    """
    context = event.get("requestContext") if isinstance(event, dict) else None
    if isinstance(context, dict):
        event = {**event, **_headers(event)}
        is_v1 = isinstance(event.get("httpMethod"), str) and isinstance(event.get("path"), str)
        if "elb" in context and is_v1:
            balanced = ALBEvent(event, parse_json)
            # A load balancer does not decode the query.
            balanced.decode_query_parameters = True
            return balanced
        http = context.get("http")
        if isinstance(http, dict) and isinstance(http.get("method"), str) and isinstance(event.get("rawPath"), str):
            return ServiceEventV2({**event, "requestContext": {"stage": "$default", **context}}, parse_json)
        if is_v1 and "elb" not in context:
            return APIGatewayProxyEvent(event, parse_json)
    raise InvalidPayloadError("not an HTTP event of API Gateway, a function URL or a load balancer")


def _headers(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headers as Lambda passes them; raise for those of a direct invoke that have another type."""
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
    # A load balancer sends one of the two forms; Powertools reads the content type from the first.
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
    """Return an event that stands in for an invalid one, so that the response has a format: that of a function URL."""
    context = {"http": {"method": "", "path": "/"}, "stage": "$default"}
    return ServiceEventV2({"headers": {}, "rawPath": "/", "rawQueryString": "", "requestContext": context})


def caller_id(event: BaseProxyEvent) -> str:
    """Return an id of the caller: the IAM identity that AWS has verified, else the IP address.

    An address that the caller itself put into a header is not trusted.
    """
    context = event.raw_event.get("requestContext") or {}
    authorizer = context.get("authorizer")
    iam = authorizer.get("iam") if isinstance(authorizer, dict) else None
    if isinstance(iam, dict) and iam.get("userArn"):
        return str(iam["userArn"])
    for source in (context.get("http"), context.get("identity")):
        if isinstance(source, dict) and source.get("sourceIp"):
            return str(source["sourceIp"])
    # The load balancer appends the address that it sees to the header that the caller sent.
    forwarded = HttpEvent(event.raw_event).header("x-forwarded-for")
    return forwarded.rpartition(",")[2].strip() or "unknown"


def parse_json(text: str) -> Any:
    """Parse a JSON body; the error is the same for every fault and does not contain the text.

    Parameters
    ----------
    text
        The body as it was sent.

    Raises
    ------
    json.JSONDecodeError
        The body is not JSON, or is nested or has numbers beyond Python's limits.

    Examples
    --------
    >>> parse_json('{"title": NaN}')
    Traceback (most recent call last):
        ...
    json.decoder.JSONDecodeError: not JSON: line 1 column 1 (char 0)
    """
    try:
        return json.loads(text, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        # ValueError: also numbers of too many digits, and NaN, which is not JSON.
        raise json.JSONDecodeError("not JSON", "", 0) from None


def _reject_constant(name: str) -> Any:
    raise ValueError(name)
