"""The four HTTP events of Lambda for one router: each is read by the data class of its own shape.

Powertools has a resolver for each shape. A function behind a function URL today and a load balancer tomorrow should
not change for it, so the shape is told by the event.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aws_lambda_powertools.utilities.data_classes import (
    ALBEvent,
    APIGatewayProxyEvent,
    LambdaFunctionUrlEvent,
)

from ai_voice_shared.errors import InvalidPayloadError
from ai_voice_shared.utils.http_events import HttpEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

__all__ = ["ServiceEventV2", "caller_of", "no_event", "parse_json", "proxy_event"]


class ServiceEventV2(LambdaFunctionUrlEvent):
    """An event of payload format 2.0, of API Gateway or a function URL."""

    @property
    def path(self) -> str:
        """The decoded path without the stage, where the stage is in it: behind a custom domain it is not."""
        raw = self.raw_path
        stage = self.request_context.stage
        if stage and stage != "$default" and (raw == f"/{stage}" or raw.startswith(f"/{stage}/")):
            raw = raw[len(stage) + 1 :] or "/"
        # API Gateway decodes the path, a function URL hands it on as it was written.
        return unquote(raw)


def proxy_event(event: Mapping[str, Any], loads: Any) -> BaseProxyEvent:
    """Give the data class of an event.

    Parameters
    ----------
    event
        As Lambda passes it.
    loads
        Parses a JSON body.

    Raises
    ------
    InvalidPayloadError
        It is none of the four HTTP events.
    """
    context = event.get("requestContext") if isinstance(event, dict) else None
    if isinstance(context, dict) and _has_headers(event):
        is_v1 = isinstance(event.get("httpMethod"), str) and isinstance(event.get("path"), str)
        if "elb" in context and is_v1:
            balanced = ALBEvent(dict(event), loads)
            # A load balancer hands the query on as the caller encoded it.
            balanced.decode_query_parameters = True
            return balanced
        http = context.get("http")
        if isinstance(http, dict) and isinstance(http.get("method"), str) and isinstance(event.get("rawPath"), str):
            return ServiceEventV2({"headers": {}, **_with_stage(event, context)}, loads)
        if is_v1 and "elb" not in context:
            return APIGatewayProxyEvent(dict(event), loads)
    msg = "not an HTTP event of API Gateway, a function URL or a load balancer"
    raise InvalidPayloadError(msg)


def _has_headers(event: Mapping[str, Any]) -> bool:
    """Say whether the headers are what Lambda passes, so that whoever answers can read them."""
    single, several = event.get("headers") or {}, event.get("multiValueHeaders") or {}
    return (
        isinstance(single, dict)
        and isinstance(several, dict)
        and all(isinstance(value, str) for value in single.values())
        and all(isinstance(values, list) and all(isinstance(one, str) for one in values) for values in several.values())
    )


def no_event() -> BaseProxyEvent:
    """Stand in for an event that is none, so that there is a shape to answer in: that of a function URL."""
    context = {"http": {"method": "", "path": "/"}, "stage": "$default"}
    return ServiceEventV2({"headers": {}, "rawPath": "/", "rawQueryString": "", "requestContext": context})


def caller_of(event: BaseProxyEvent) -> str:
    """Tell callers apart: by the IAM identity that AWS has checked, else by the address.

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
    # The load balancer appends the address that it sees to whatever the caller sent.
    forwarded = HttpEvent(event.raw_event).header("x-forwarded-for")
    return forwarded.rpartition(",")[2].strip() or "unknown"


def _with_stage(event: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    return {**event, "requestContext": {"stage": "$default", **context}}


def parse_json(text: str) -> Any:
    """Parse a body; whatever is no JSON is one and the same error, without the text.

    Parameters
    ----------
    text
        As the caller sent it.

    Raises
    ------
    json.JSONDecodeError
        It is none, or of a depth or with numbers that Python does not read.

    Examples
    --------
    >>> parse_json('{"title": NaN}')
    Traceback (most recent call last):
        ...
    json.decoder.JSONDecodeError: no JSON: line 1 column 1 (char 0)
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        # ValueError: also numbers of too many digits, and NaN, which is Python's and not JSON.
        raise json.JSONDecodeError("no JSON", "", 0) from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
