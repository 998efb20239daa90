"""A warm webhook, verified and parsed: TwilioService compared with the `twilio` package's validator and a dict."""

from __future__ import annotations

import base64
import statistics
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

from ai_voice_shared import TwilioService, TwilioSettings
from ai_voice_shared.testing.twilio import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    EventShape,
    media_parameters,
    message_parameters,
    new_sid,
    twilio_event,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run"]

ROUNDS = 40
CALLS = 200
SHAPES: tuple[EventShape, ...] = ("function_url", "rest_api", "alb")


def run() -> list[tuple[str, float, float, float]]:
    """Return name, median microseconds of the layer and the baseline, and the ratio, from alternating rounds."""
    service = TwilioService(TwilioSettings(account_sid=ACCOUNT_SID, auth_tokens=(AUTH_TOKEN,)))
    validator = RequestValidator(AUTH_TOKEN)
    message_sid = new_sid("MM")
    files = media_parameters(new_sid("ME"), message_sid=message_sid)
    messages = {
        "text": message_parameters(Body="Hello there, could you please call me back this afternoon?"),
        "voice note": message_parameters(files, MessageSid=message_sid),
    }
    rows = []
    for kind, parameters in messages.items():
        for shape in SHAPES:
            event = twilio_event(parameters, shape=shape)
            layer, baseline = _alternate(lambda: service.receive_message(event), lambda: _baseline(validator, event))  # noqa: B023 - called at once
            rows.append((f"{kind}, {shape}", layer, baseline, layer / baseline))
    return rows


def _baseline(validator: RequestValidator, event: dict[str, Any]) -> dict[str, str]:
    """Verify and parse a webhook with the package, and no more than that."""
    body = base64.b64decode(event["body"]).decode() if event["isBase64Encoded"] else event["body"]
    form = dict(parse_qsl(body, keep_blank_values=True))
    context, headers = event["requestContext"], event["headers"]
    if "http" in context:
        url, signature = f"https://{context['domainName']}{event['rawPath']}", headers["x-twilio-signature"]
    elif "elb" in context:
        url, signature = f"https://{headers['host']}{event['path']}", headers["x-twilio-signature"]
    else:
        url, signature = f"https://{context['domainName']}{context['path']}", headers["X-Twilio-Signature"]
    if not validator.validate(url, form, signature):
        raise PermissionError
    return form


def _alternate(*functions: Callable[[], object]) -> list[float]:
    """Return the median microseconds of a call of each function, measured in turn."""
    found: list[list[float]] = [[] for _ in functions]
    for _ in range(ROUNDS):
        for times, function in zip(found, functions, strict=True):
            began = time.perf_counter()
            for _ in range(CALLS):
                function()
            times.append((time.perf_counter() - began) / CALLS * 1e6)
    return [statistics.median(times) for times in found]


if __name__ == "__main__":
    for name, layer, baseline, ratio in run():
        print(f"{name:28} layer {layer:6.1f} us   twilio and a dict {baseline:6.1f} us   ratio {ratio:.2f}")  # noqa: T201 - a report
