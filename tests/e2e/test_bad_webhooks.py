"""Invalid webhooks and unusable media end in a named error, and nothing is stored."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest

from tests.support.twilio_harness import ACCOUNT_SID, Media, Webhook, sign
from tests.support.webhooks import PHONE, logged_error, reply_text, serving

if TYPE_CHECKING:
    import httpx

    from tests.support.stack import Stack
    from tests.support.twilio_harness import TwilioHarness

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("customers")]


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("case", ["forged", "missing", "stale token", "tampered"])
def test_an_unsigned_webhook_is_refused(stack: Stack, twilio: TwilioHarness, note: Media, case: str) -> None:
    """A signature that is forged, missing, of an old token or for another body gets a 403, and nothing is stored."""
    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")
    headers = webhook.headers(stack.webhook_url)
    body = webhook.body
    if case == "forged":
        headers["X-Twilio-Signature"] = "A" * 27 + "="
    elif case == "missing":
        del headers["X-Twilio-Signature"]
    elif case == "stale token":
        headers = webhook.headers(stack.webhook_url, token="the-token-before")
    else:
        body = body.replace("ProfileName=Alex", "ProfileName=Mallory")

    reply = stack.post(body, headers)
    assert reply.status_code == 403
    assert stack.message_keys(webhook.message_sid) == []
    assert note.api_requests == 0
    assert logged_error(stack, reply) == "invalid_signature"


def signed(stack: Stack, body: bytes, content_type: str = FORM) -> httpx.Response:
    """Post a body unchanged, signed over its parsed parameters."""
    pairs = parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True)
    signature = sign(stack.webhook_url, pairs)
    return stack.post(body, {"Content-Type": content_type, "X-Twilio-Signature": signature})


def test_a_body_other_than_a_form_is_refused(local_stack: Stack) -> None:
    """A JSON body is refused, because Twilio sends messages as forms."""
    reply = signed(local_stack, b'{"MessageSid": "MM1", "From": "whatsapp:+61400000001"}', "application/json")
    assert 400 <= reply.status_code < 500
    assert logged_error(local_stack, reply) == "invalid_payload"


@pytest.mark.parametrize(
    ("tail", "code"),
    [
        pytest.param(b"&Body=%4", "invalid_payload", id="truncated percent escape"),
        pytest.param(b"&Body=%ff%fe", "invalid_payload", id="escaped invalid UTF-8"),
        pytest.param(b"&Body=\xff\xfe", "invalid_payload", id="raw invalid UTF-8"),
        pytest.param(b"".join(b"&k%d=" % number for number in range(90_000)), "payload_too_large", id="1 MB of keys"),
    ],
)
def test_a_broken_form_stores_nothing(
    local_stack: Stack, twilio: TwilioHarness, note: Media, tail: bytes, code: str
) -> None:
    """A malformed form is refused with a named error, and nothing is stored."""
    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")
    reply = signed(local_stack, webhook.body.encode() + tail)
    assert 400 <= reply.status_code < 500
    assert local_stack.message_keys(webhook.message_sid) == []
    assert note.api_requests == 0
    assert logged_error(local_stack, reply) == code


def test_media_that_is_announced_but_missing_is_refused(local_stack: Stack, twilio: TwilioHarness, note: Media) -> None:
    """A webhook with NumMedia=99 and one URL is refused."""
    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}", NumMedia="99")
    reply = local_stack.deliver(webhook)
    assert 400 <= reply.status_code < 500
    assert local_stack.message_keys(webhook.message_sid) == []
    assert note.api_requests == 0
    assert logged_error(local_stack, reply) == "invalid_payload"


def test_a_media_url_on_another_host_is_not_requested(local_stack: Stack, twilio: TwilioHarness, note: Media) -> None:
    """Even in a signed webhook, only media of the own account at Twilio are downloaded."""
    asked: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with serving(Elsewhere) as port:
        webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")
        path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{webhook.message_sid}/Media/{note.sid}"
        changed = {"MediaUrl0": f"http://127.0.0.1:{port}{path}"}
        reply = local_stack.deliver(Webhook(tuple((dict(webhook.pairs) | changed).items())))

    assert reply.status_code < 500
    assert asked == []
    assert local_stack.message_keys(webhook.message_sid) == []
    assert logged_error(local_stack, reply) == "media_not_allowed"


@pytest.mark.parametrize(
    ("media", "code"),
    [
        pytest.param(lambda: Media(bytes(17 * 2**20)), "media_too_large", id="17 MB"),
        pytest.param(lambda: Media(b"\x89PNG\r\n", content_type="image/png"), "media_type", id="a picture"),
    ],
)
def test_unusable_media_get_a_reply(local_stack: Stack, twilio: TwilioHarness, media: Any, code: str) -> None:
    """Audio that is too large and files that are not audio get a polite reply and a named error in the log."""
    webhook = twilio.voice_note([media()], sender=f"whatsapp:{PHONE}")
    reply = local_stack.deliver(webhook)
    assert reply_text(reply)
    assert local_stack.message_keys(webhook.message_sid) == []
    assert logged_error(local_stack, reply) == code
