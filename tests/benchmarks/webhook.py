"""A warm webhook with text: verified, parsed, its sender looked up in a cache, and logged.

The baseline uses the `twilio` package, `requests`, pydantic, `cachetools` and a JSON formatter for stdlib logging;
the layer takes one line for each of these.
"""

from __future__ import annotations

import base64
import json
import logging
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import requests
from cachetools import TTLCache
from pydantic import BaseModel, ConfigDict, Field
from twilio.request_validator import RequestValidator

from tests.benchmarks.rows import Note, Row, alternate
from tests.benchmarks.services import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_URL, running_services, webhook_event

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run"]

ROUNDS = 15
QUICK_ROUNDS = 5
CALLS = 400


class _NullStream:
    """A stream that discards everything."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        return


class _Payload(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    message_sid: str = Field(alias="MessageSid")
    account_sid: str = Field(alias="AccountSid")
    from_: str = Field(alias="From")
    to: str = Field(alias="To")
    body: str = Field(default="", alias="Body")
    num_media: int = Field(default=0, alias="NumMedia")
    message_type: str = Field(default="text", alias="MessageType")
    profile_name: str | None = Field(default=None, alias="ProfileName")
    wa_id: str | None = Field(default=None, alias="WaId")


class _JsonFormatter(logging.Formatter):
    _STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "level": record.levelname,
            "location": f"{record.funcName}:{record.lineno}",
            "message": record.getMessage(),
            "timestamp": self.formatTime(record),
            "service": "webhook-handler",
        }
        line |= {name: value for name, value in record.__dict__.items() if name not in self._STANDARD}
        return json.dumps(line)


def run(*, quick: bool, note: Note) -> list[Row]:
    """Measure both in turns, in microseconds per webhook."""
    with running_services(tls=False) as port:
        url = f"http://127.0.0.1:{port}"
        event = webhook_event(media=False)
        layer, baseline = _layer(url), _baseline(url)
        responses = {call.__qualname__: call(event) for call in (layer, baseline)}
        if set(responses.values()) != {"cust-1"}:
            msg = f"the two responses differ: {responses}"
            raise RuntimeError(msg)
        layer_time, baseline_time = alternate(
            lambda: layer(event), lambda: baseline(event), rounds=QUICK_ROUNDS if quick else ROUNDS, times=CALLS
        )
    return [
        Row(
            "warm webhook, text only",
            "us",
            layer_time,
            baseline_time,
            "twilio, requests, stdlib JSON logging",
            goal=0.5,
        )
    ]


def _layer(url: str) -> Callable[[Any], str | None]:
    from ai_voice_shared import CustomerLookupClient, TwilioService, TwilioSettings, get_logger
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

    logger = get_logger("webhook-handler", stream=_NullStream())
    twilio = TwilioService(
        TwilioSettings(account_sid=ACCOUNT_SID, auth_tokens=(AUTH_TOKEN,), public_base_url=PUBLIC_URL)
    )
    lookup = CustomerLookupClient(CustomerLookupSettings(url=f"{url}/lookup"))

    def layer(event: Any) -> str | None:
        payload = twilio.receive_message(event)
        customer = lookup.fetch_customer_metadata(**payload.sender.lookup)
        customer_id = customer.customer_id if customer else None
        logger.info("handled", extra={"message_sid": payload.message_sid, "customer_id": customer_id})
        return customer_id

    return layer


def _baseline(url: str) -> Callable[[Any], str | None]:
    validator, session = RequestValidator(AUTH_TOKEN), requests.Session()
    cache: TTLCache[str, dict[str, Any]] = TTLCache(2048, 300, time.monotonic)
    logger = logging.getLogger("bench.webhook")
    logger.propagate = False
    handler = logging.StreamHandler(_NullStream())
    handler.setFormatter(_JsonFormatter())
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)

    def look_up(phone_number: str) -> dict[str, Any]:
        customer = cache.get(phone_number)
        if customer is None:
            response = session.post(f"{url}/lookup", json={"phone_number": phone_number}, timeout=5)
            response.raise_for_status()
            customer = cache[phone_number] = response.json()
        return customer

    def baseline(event: Any) -> str | None:
        body = event["body"]
        if event.get("isBase64Encoded"):
            body = base64.b64decode(body).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        if not validator.validate(PUBLIC_URL + event["rawPath"], form, event["headers"]["x-twilio-signature"]):
            raise PermissionError
        payload = _Payload.model_validate(form)
        customer = look_up(payload.from_.removeprefix("whatsapp:"))
        customer_id: str = customer["customer_id"]
        logger.info("handled", extra={"message_sid": payload.message_sid, "customer_id": customer_id})
        return customer_id

    return baseline
