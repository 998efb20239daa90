"""TwilioService: who may come in, in every shape of event."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from ai_voice_shared import TwilioService, TwilioSettings, TwilioWebhookPayload
from ai_voice_shared.errors import InvalidPayloadError, InvalidSignatureError, MissingSettingError
from ai_voice_shared.testing.twilio import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    SHAPES,
    EventShape,
    message_parameters,
    status_parameters,
    twilio_event,
)

pytestmark = pytest.mark.unit


def service(**settings: Any) -> TwilioService:
    """Make a service of the test account."""
    values: dict[str, Any] = {"account_sid": ACCOUNT_SID, "auth_tokens": (AUTH_TOKEN,)}
    return TwilioService(TwilioSettings(**(values | settings)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("encoded", [True, False])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_signed_message_comes_in(shape: EventShape, method: str, *, encoded: bool) -> None:
    """Whichever event brings it, encoded or plain, by POST or GET."""
    sent = message_parameters(Body="hello & welcome", Label="")
    event = twilio_event(
        sent, shape=shape, base64=encoded, method=method, url="https://hooks.example.com/prod/hook?tenant=7&x=a+b"
    )
    assert service().receive_message(event).body == "hello & welcome"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_signature_of_twilio_s_own_package_comes_in(shape: EventShape) -> None:
    """Signed by somebody else's code, not by ours."""
    url, sent = "https://hooks.example.com/prod/hook?tenant=7", message_parameters(Body="hello")
    made = RequestValidator(AUTH_TOKEN).compute_signature(url, sent)
    assert service().verify(twilio_event(sent, shape=shape, url=url, signature=made)).form == tuple(sent.items())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"signature": ""}, id="missing"),
        pytest.param({"signature": "A" * 27 + "="}, id="forged"),
        pytest.param({"token": "the-token-before"}, id="stale token"),
    ],
)
def test_an_unsigned_message_does_not(shape: EventShape, changes: dict[str, Any]) -> None:
    """Missing, forged or made with a token that is gone: 403."""
    with pytest.raises(InvalidSignatureError) as caught:
        service().receive_message(twilio_event(message_parameters(), shape=shape, **changes))
    assert caught.value.status == 403


def test_a_message_for_another_url_does_not_come_in() -> None:
    """A signature is good for its path, query and host alone."""
    event = twilio_event(message_parameters(), url="https://hooks.example.com/prod/one?a=1")
    changes = (
        {"rawPath": "/prod/two"},
        {"rawQueryString": "a=2"},
        {"requestContext": event["requestContext"] | {"domainName": "evil.example.com"}},
    )
    for change in changes:
        with pytest.raises(InvalidSignatureError):
            service().verify(event | change)


def test_a_public_url_can_be_configured() -> None:
    """Behind a proxy only the configured URL counts, not what the request says about itself."""
    event = twilio_event(message_parameters(), url="https://public.example.com/prod/hook")
    event["requestContext"]["domainName"] = event["headers"]["host"] = "internal.example.com"
    with pytest.raises(InvalidSignatureError):
        service().verify(event)
    assert service(public_base_url="https://public.example.com").verify(event).method == "POST"
    with pytest.raises(InvalidSignatureError):
        service(public_base_url="https://other.example.com").verify(
            twilio_event(message_parameters(), url="https://hooks.example.com/prod/hook")
        )


def test_tokens_can_be_rotated() -> None:
    """Two tokens are good while one is being replaced."""
    both = service(auth_tokens=("new", AUTH_TOKEN))
    for token in ("new", AUTH_TOKEN):
        assert both.receive_message(twilio_event(message_parameters(), token=token)).num_media == 0


def test_shared_keys_are_for_their_own_header() -> None:
    """With the settings header the shared keys count and the tokens do not."""
    url, sent = "https://hooks.example.com/prod/hook", message_parameters()
    with_keys = service(signing_keys=("key",))
    for secret, accepted in (("key", True), (AUTH_TOKEN, False)):
        made = RequestValidator(secret).compute_signature(url, sent, "HMAC_SHA256")
        event = twilio_event(sent, url=url, signature=made)
        event["headers"]["x-twilio-webhooks-signature-settings"] = "key=1,algorithm=HMAC_SHA256"
        if accepted:
            assert with_keys.verify(event).form
        else:
            with pytest.raises(InvalidSignatureError):
                with_keys.verify(event)


@pytest.mark.parametrize("shape", SHAPES)
def test_json_is_covered_by_the_hash_in_the_url(shape: EventShape) -> None:
    """The body's hash is signed with the URL; another body has another hash, and no hash is no JSON of Twilio's."""
    body = json.dumps({"text": "gr\u00fc\u00dfe"})
    base = "https://hooks.example.com/prod/hook?x=1"
    url = f"{base}&bodySHA256={sha256(body.encode()).hexdigest()}"
    kind = {"shape": shape, "content_type": "application/json"}
    assert service().verify(twilio_event(body, url=url, **kind)).body == body.encode()  # type: ignore[arg-type]
    with pytest.raises(InvalidSignatureError):
        service().verify(twilio_event(body + " ", url=url, **kind))  # type: ignore[arg-type]
    with pytest.raises(InvalidPayloadError, match="bodySHA256"):
        service().verify(twilio_event(body, url=base, **kind))  # type: ignore[arg-type]


def test_another_account_s_message_is_refused() -> None:
    """A subaccount that shares the token is still another account."""
    event = twilio_event(message_parameters(AccountSid="AC" + "f" * 32))
    with pytest.raises(InvalidPayloadError, match="another account"):
        service().receive_message(event)


def test_a_status_callback_comes_in() -> None:
    """Checked and read alike."""
    callback = service().receive_status(twilio_event(status_parameters("read")))
    assert callback.message_status == "read"
    with pytest.raises(InvalidSignatureError):
        service().receive_status(twilio_event(status_parameters("read"), token="x"))


def test_a_checked_request_is_not_read_again() -> None:
    """What `verify` returns is taken in place of the event, with the form that was signed."""
    request = service().verify(twilio_event(message_parameters(Body="hello")))
    request.event = {}
    assert TwilioWebhookPayload.from_event(request).body == "hello"


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """On first use, and a missing one is named."""
    made = TwilioService()
    monkeypatch.delenv("TWILIO_ACCOUNT_SID", raising=False)
    with pytest.raises(MissingSettingError, match="TWILIO_ACCOUNT_SID"):
        made.verify(twilio_event(message_parameters()))
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT_SID)
    monkeypatch.setenv("TWILIO_AUTH_TOKENS", f"new,{AUTH_TOKEN}")
    assert made.receive_message(twilio_event(message_parameters())).num_media == 0
    assert AUTH_TOKEN not in repr(made) + repr(made.settings)


def test_a_text_message_loads_no_client() -> None:
    """A message without media is checked, read and answered without httpx, boto3 or Powertools."""
    script = f"""
import json, sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {("aws_lambda_powertools", "aws_xray_sdk", "boto3", "botocore", "httpx", "twilio")!r}:
            raise AssertionError(f"{{name}} was imported")
sys.meta_path.insert(0, Blocked())
from ai_voice_shared import TwilioService, TwilioSettings, message_response
service = TwilioService(TwilioSettings(account_sid={ACCOUNT_SID!r}, auth_tokens=({AUTH_TOKEN!r},)))
print(message_response(service.receive_message(json.load(sys.stdin)).body))
"""
    event = json.dumps(twilio_event(message_parameters(Body="hello")))
    ran = subprocess.run([sys.executable, "-c", script], input=event, capture_output=True, text=True, check=False)
    assert "<Message>hello</Message>" in ran.stdout, ran.stderr
