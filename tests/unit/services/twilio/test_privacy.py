"""No number, name, text, place, token or signed URL in any log line, exception, trace or repr."""

from __future__ import annotations

import json
import logging
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared import TwilioStatusCallback, TwilioWebhookPayload
from ai_voice_shared.errors import AIVoiceError
from ai_voice_shared.observability import set_tracer
from ai_voice_shared.resilience import IdempotencyGuard
from ai_voice_shared.settings import IdempotencySettings
from ai_voice_shared.testing.twilio import message_parameters, status_parameters, twilio_event
from ai_voice_shared.utils.http_events import HttpEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .conftest import Answer, MediaWorld

pytestmark = pytest.mark.unit

SECRETS = {
    "From": "whatsapp:+61412345678",
    "WaId": "61412345678",
    "To": "whatsapp:+61487654321",
    "ProfileName": "Zebedee Quill",
    "Body": "please call my wife",
    "Address": "Bennelong Point",
    "Latitude": "-33.8567844",
    "Longitude": "151.2152967",
    "ButtonPayload": "call-me-at-noon",
    "ReferralSourceUrl": "https://fb.example/ad?who=zeb",
    "SomethingNew": "zeb@quill.example",
}
FORBIDDEN = (
    *SECRETS.values(),
    "61412345678",
    "61487654321",
    "token-one",
    "token-two",
    "dG9rZW4t",  # "token-" in base64, but for its place
    "signature=secret",
    "Basic ",
)


class Spans:
    """A tracer that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    @contextmanager
    def span(self, name: str, /, **annotations: Any) -> Iterator[Spans]:
        """Keep a span."""
        self.said += [name, repr(annotations)]
        try:
            yield self
        except BaseException as error:
            self.fail(error)
            raise

    def annotate(self, key: str, value: Any) -> None:
        """Keep a fact."""
        self.said.append(f"{key}={value}")

    def fail(self, error: BaseException) -> None:
        """Keep a failure."""
        self.said.append(type(error).__name__)


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """Collect everything that is logged and traced."""
    caplog.set_level(logging.DEBUG)
    spans = Spans()
    before = set_tracer(spans)
    # The log records' extras count as well as their texts.
    yield lambda: json.dumps([vars(record) for record in caplog.records], default=repr) + repr(spans.said)
    set_tracer(before)


def told(error: BaseException) -> str:
    """Give everything that an error could print, its causes and its context included."""
    own = f"{error!r} {error} {getattr(error, 'context', '')} {getattr(error, 'details', '')}"
    return own + "".join(traceback.format_exception(error, chain=True))


def check(text: str) -> None:
    """See that none of what was sent is there."""
    for secret in FORBIDDEN:
        assert secret not in text, secret


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": "x"},
        {"signature": ""},
        {"content_type": "application/json"},
        {"base64": True},
        {},
    ],
)
@pytest.mark.parametrize(
    "broken", [{"MessageSid": "+61412345678"}, {"NumMedia": "99"}, {"Latitude": "Zebedee Quill"}, {}]
)
def test_a_webhook_leaves_nothing_behind(
    world: MediaWorld, said: Callable[[], str], changes: dict[str, Any], broken: dict[str, str]
) -> None:
    """Whether it comes in or is refused, for whatever reason."""
    service = world.service(auth_tokens=("token-one", "token-two"))
    sent = message_parameters(**(SECRETS | broken))
    event = twilio_event(sent, token="token-two", url="https://h.example.com/p?who=zeb@quill.example", **changes)
    shown = repr(service) + repr(service.settings) + repr(HttpEvent(event))
    try:
        payload = service.receive_message(event)
        shown += f"{payload} {payload!r} {payload.sender} {payload.media} {payload.location} {payload.button}"
        shown += f"{payload.referral}"
    except AIVoiceError as error:
        shown += told(error)
    check(shown + said())


@pytest.mark.parametrize("body", ["%4", "%ff", "\u00e9"])
def test_a_broken_body_leaves_nothing_behind(said: Callable[[], str], body: str) -> None:
    """Nor does what could not be read."""
    text = f"From=whatsapp:+61412345678&ProfileName=Zebedee Quill&Body={body}"
    with pytest.raises(AIVoiceError) as caught:
        TwilioWebhookPayload.from_event(twilio_event(text, signature="x"))
    check(told(caught.value) + said())


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, b"OggS" + bytes(100)),
        (200, {}, b"+61412345678 is not audio"),
        (200, {"Content-Length": "999"}, b"OggS"),
        (401, {}, b""),
        (403, {}, b"token-one"),
        (404, {}, b""),
        (500, {}, b"Zebedee Quill"),
        (302, {"Location": "https://evil.example/?who=61412345678"}, b""),
    ],
)
def test_media_leaves_nothing_behind(world: MediaWorld, said: Callable[[], str], answer: Answer) -> None:
    """Neither credentials nor signed URLs, whatever becomes of the download."""
    world.cdn = [answer]
    service = world.service(auth_tokens=("token-one", "token-two"))
    item = world.item()
    shown = repr(item)
    try:
        with service.stream_media(item) as media:
            shown += repr(media) + str(sum(len(chunk) for chunk in media.iter_bytes()))
    except AIVoiceError as error:
        shown += told(error)
    check(shown + said())
    assert item.sid is not None
    assert item.sid in said()


@pytest.mark.parametrize("fail", [True, False])
def test_doing_it_once_leaves_nothing_behind(said: Callable[[], str], *, fail: bool) -> None:
    """Neither the claim nor an outage of its table names anybody."""
    from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer

    class Table(BasePersistenceLayer):
        """A table in memory, or one that is down."""

        kept: Any = None

        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call] # Powertools'

        def _get_record(self, idempotency_key: str) -> Any:
            return self.kept

        def _put_record(self, data_record: Any) -> None:
            if fail:
                raise OSError
            self.kept = data_record

        def _update_record(self, data_record: Any) -> None:
            self.kept = data_record

        def _delete_record(self, data_record: Any) -> None:
            self.kept = None

    once = IdempotencyGuard(IdempotencySettings(table_name="claims"), store=Table())
    payload = TwilioWebhookPayload.from_pairs(message_parameters(**SECRETS))
    callback = TwilioStatusCallback.from_pairs(status_parameters(To=SECRETS["From"]))
    shown = f"{callback!r}"
    for thing in (payload, callback):
        try:
            shown += str(once.handle(thing, lambda: "stored"))
        except AIVoiceError as error:
            shown += told(error)
    check(shown + said())
