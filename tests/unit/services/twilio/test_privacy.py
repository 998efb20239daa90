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

    from .conftest import MediaServers, Response

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
    "dG9rZW4t",  # "token-" in base64, at one alignment
    "signature=secret",
    "Basic ",
)


class Spans:
    """A tracer that records names, annotations and errors."""

    def __init__(self) -> None:
        self.recorded: list[str] = []

    @contextmanager
    def span(self, name: str, /, **annotations: Any) -> Iterator[Spans]:
        """Record a span."""
        self.recorded += [name, repr(annotations)]
        try:
            yield self
        except BaseException as error:
            self.fail(error)
            raise

    def annotate(self, key: str, value: Any) -> None:
        """Record an annotation."""
        self.recorded.append(f"{key}={value}")

    def fail(self, error: BaseException) -> None:
        """Record a failure."""
        self.recorded.append(type(error).__name__)


@pytest.fixture
def recorded(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """Return a function that returns everything logged and traced so far."""
    caplog.set_level(logging.DEBUG)
    spans = Spans()
    before = set_tracer(spans)
    # The log records' extras count as well as their texts.
    yield lambda: json.dumps([vars(record) for record in caplog.records], default=repr) + repr(spans.recorded)
    set_tracer(before)


def format_error(error: BaseException) -> str:
    """Format everything that an error could print, with its causes and its context."""
    own = f"{error!r} {error} {getattr(error, 'context', '')} {getattr(error, 'details', '')}"
    return own + "".join(traceback.format_exception(error, chain=True))


def check_no_secrets(text: str) -> None:
    """Check that no secret is in a text."""
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
def test_a_webhook_leaves_no_personal_data(
    servers: MediaServers, recorded: Callable[[], str], changes: dict[str, Any], broken: dict[str, str]
) -> None:
    """A webhook that is received, or rejected for any reason, leaves no personal data."""
    service = servers.service(auth_tokens=("token-one", "token-two"))
    sent = message_parameters(**(SECRETS | broken))
    event = twilio_event(sent, token="token-two", url="https://h.example.com/p?who=zeb@quill.example", **changes)
    shown = repr(service) + repr(service.settings) + repr(HttpEvent(event))
    try:
        payload = service.receive_message(event)
        shown += f"{payload} {payload!r} {payload.sender} {payload.media} {payload.location} {payload.button}"
        shown += f"{payload.referral}"
    except AIVoiceError as error:
        shown += format_error(error)
    check_no_secrets(shown + recorded())


@pytest.mark.parametrize("body", ["%4", "%ff", "\u00e9"])
def test_an_invalid_body_leaves_no_personal_data(recorded: Callable[[], str], body: str) -> None:
    """A body that cannot be parsed leaves no personal data."""
    text = f"From=whatsapp:+61412345678&ProfileName=Zebedee Quill&Body={body}"
    with pytest.raises(AIVoiceError) as caught:
        TwilioWebhookPayload.from_event(twilio_event(text, signature="x"))
    check_no_secrets(format_error(caught.value) + recorded())


@pytest.mark.parametrize(
    "response",
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
def test_media_leaves_no_credentials(servers: MediaServers, recorded: Callable[[], str], response: Response) -> None:
    """A download, successful or not, leaves no credentials and no signed URLs."""
    servers.cdn = [response]
    service = servers.service(auth_tokens=("token-one", "token-two"))
    item = servers.item()
    shown = repr(item)
    try:
        with service.stream_media(item) as media:
            shown += repr(media) + str(sum(len(chunk) for chunk in media.iter_bytes()))
    except AIVoiceError as error:
        shown += format_error(error)
    check_no_secrets(shown + recorded())
    assert item.sid is not None
    assert item.sid in recorded()


@pytest.mark.parametrize("fail", [True, False])
def test_idempotency_leaves_no_personal_data(recorded: Callable[[], str], *, fail: bool) -> None:
    """Neither a claim nor an outage of its table leaves personal data."""
    from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer

    class Table(BasePersistenceLayer):
        """An in-memory table, or one that is unavailable."""

        record: Any = None

        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call] # Powertools'

        def _get_record(self, idempotency_key: str) -> Any:
            return self.record

        def _put_record(self, data_record: Any) -> None:
            if fail:
                raise OSError
            self.record = data_record

        def _update_record(self, data_record: Any) -> None:
            self.record = data_record

        def _delete_record(self, data_record: Any) -> None:
            self.record = None

    once = IdempotencyGuard(IdempotencySettings(table_name="claims"), store=Table())
    payload = TwilioWebhookPayload.from_pairs(message_parameters(**SECRETS))
    callback = TwilioStatusCallback.from_pairs(status_parameters(To=SECRETS["From"]))
    shown = f"{callback!r}"
    for thing in (payload, callback):
        try:
            shown += str(once.handle(thing, lambda: "stored"))
        except AIVoiceError as error:
            shown += format_error(error)
    check_no_secrets(shown + recorded())
