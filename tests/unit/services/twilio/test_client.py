"""TwilioService: signature checks for every event source, and the media that it accepts and stores."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from twilio.request_validator import RequestValidator

from ai_voice_shared import Deadline, TwilioService, TwilioSettings, TwilioWebhookPayload, use_deadline
from ai_voice_shared.errors import (
    DeadlineExceededError,
    InvalidPayloadError,
    InvalidSignatureError,
    MediaTypeError,
    MediaUnavailableError,
    MissingSettingError,
)
from ai_voice_shared.testing.twilio import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    SHAPES,
    EventShape,
    message_parameters,
    status_parameters,
    twilio_event,
)

from .conftest import AUDIO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .conftest import MediaServers

pytestmark = pytest.mark.unit


def create_service(**settings: Any) -> TwilioService:
    """Create a service of the test account."""
    values: dict[str, Any] = {"account_sid": ACCOUNT_SID, "auth_tokens": (AUTH_TOKEN,)}
    return TwilioService(TwilioSettings(**(values | settings)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("encoded", [True, False])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_signed_message_is_received(shape: EventShape, method: str, *, encoded: bool) -> None:
    """A signed message is received from any event, encoded or plain, by POST or GET."""
    sent = message_parameters(Body="hello & welcome", Label="")
    event = twilio_event(
        sent, shape=shape, base64=encoded, method=method, url="https://hooks.example.com/prod/hook?tenant=7&x=a+b"
    )
    assert create_service().receive_message(event).body == "hello & welcome"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_signature_of_twilio_s_own_package_is_accepted(shape: EventShape) -> None:
    """A request that the `twilio` package has signed is accepted."""
    url, sent = "https://hooks.example.com/prod/hook?tenant=7", message_parameters(Body="hello")
    made = RequestValidator(AUTH_TOKEN).compute_signature(url, sent)
    assert create_service().verify(twilio_event(sent, shape=shape, url=url, signature=made)).form == tuple(sent.items())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"signature": ""}, id="missing"),
        pytest.param({"signature": "A" * 27 + "="}, id="forged"),
        pytest.param({"token": "the-token-before"}, id="stale token"),
    ],
)
def test_an_unsigned_message_is_rejected(shape: EventShape, changes: dict[str, Any]) -> None:
    """A signature that is missing, forged or made with a former token is a 403."""
    with pytest.raises(InvalidSignatureError) as caught:
        create_service().receive_message(twilio_event(message_parameters(), shape=shape, **changes))
    assert caught.value.status == 403


def test_a_message_for_another_url_is_rejected() -> None:
    """A signature is valid for its path, query and host only."""
    event = twilio_event(message_parameters(), url="https://hooks.example.com/prod/one?a=1")
    changes = (
        {"rawPath": "/prod/two"},
        {"rawQueryString": "a=2"},
        {"requestContext": event["requestContext"] | {"domainName": "evil.example.com"}},
    )
    for change in changes:
        with pytest.raises(InvalidSignatureError):
            create_service().verify(event | change)


def test_a_public_url_can_be_configured() -> None:
    """A configured public URL replaces that of the event, as behind a proxy."""
    event = twilio_event(message_parameters(), url="https://public.example.com/prod/hook")
    event["requestContext"]["domainName"] = event["headers"]["host"] = "internal.example.com"
    with pytest.raises(InvalidSignatureError):
        create_service().verify(event)
    assert create_service(public_base_url="https://public.example.com").verify(event).method == "POST"
    with pytest.raises(InvalidSignatureError):
        create_service(public_base_url="https://other.example.com").verify(
            twilio_event(message_parameters(), url="https://hooks.example.com/prod/hook")
        )


def test_tokens_can_be_rotated() -> None:
    """Two tokens are valid during a rotation."""
    both = create_service(auth_tokens=("new", AUTH_TOKEN))
    for token in ("new", AUTH_TOKEN):
        assert both.receive_message(twilio_event(message_parameters(), token=token)).num_media == 0


def test_shared_keys_need_their_header() -> None:
    """With the settings header the shared keys are valid and the tokens are not."""
    url, sent = "https://hooks.example.com/prod/hook", message_parameters()
    with_keys = create_service(signing_keys=("key",))
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
    """The hash of a JSON body is in the signed URL; another body, or no hash, is rejected."""
    body = json.dumps({"text": "gr\u00fc\u00dfe"})
    base = "https://hooks.example.com/prod/hook?x=1"
    url = f"{base}&bodySHA256={sha256(body.encode()).hexdigest()}"
    kind = {"shape": shape, "content_type": "application/json"}
    assert create_service().verify(twilio_event(body, url=url, **kind)).body == body.encode()  # type: ignore[arg-type]
    with pytest.raises(InvalidSignatureError):
        create_service().verify(twilio_event(body + " ", url=url, **kind))  # type: ignore[arg-type]
    with pytest.raises(InvalidPayloadError, match="bodySHA256"):
        create_service().verify(twilio_event(body, url=base, **kind))  # type: ignore[arg-type]


def test_a_message_of_another_account_is_rejected() -> None:
    """A subaccount that shares the token is another account."""
    event = twilio_event(message_parameters(AccountSid="AC" + "f" * 32))
    with pytest.raises(InvalidPayloadError, match="another account"):
        create_service().receive_message(event)


def test_a_status_callback_is_received() -> None:
    """A status callback is verified and parsed like a message."""
    callback = create_service().receive_status(twilio_event(status_parameters("read")))
    assert callback.message_status == "read"
    with pytest.raises(InvalidSignatureError):
        create_service().receive_status(twilio_event(status_parameters("read"), token="x"))


def test_a_verified_request_is_not_parsed_again() -> None:
    """The request that `verify` returns is accepted in place of the event."""
    request = create_service().verify(twilio_event(message_parameters(Body="hello")))
    request.event = {}
    assert TwilioWebhookPayload.from_event(request).body == "hello"


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are read on first use, and a missing one is named."""
    made = TwilioService()
    monkeypatch.delenv("TWILIO_ACCOUNT_SID", raising=False)
    with pytest.raises(MissingSettingError, match="TWILIO_ACCOUNT_SID"):
        made.verify(twilio_event(message_parameters()))
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT_SID)
    monkeypatch.setenv("TWILIO_AUTH_TOKENS", f"new,{AUTH_TOKEN}")
    assert made.receive_message(twilio_event(message_parameters())).num_media == 0
    assert AUTH_TOKEN not in repr(made) + repr(made.settings)


def test_a_text_message_loads_no_client() -> None:
    """A message without media is handled without httpx, boto3 or Powertools."""
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


@pytest.mark.parametrize(
    ("accept", "content_type", "allowed"),
    [
        (("audio/",), "audio/ogg; codecs=opus", True),
        (("audio/",), "image/png", False),
        (("audio/ogg",), "audio/ogg", True),
        (("audio/ogg",), "audio/oggs", False),
        (("audio/ogg",), "audio/mpeg", False),
        (None, "image/png", True),
    ],
)
def test_only_accepted_types_are_requested(
    servers: MediaServers, accept: Iterable[str] | None, content_type: str, *, allowed: bool
) -> None:
    """A type that is not accepted is rejected before anything is requested; by default only audio is accepted."""
    service, wanted = servers.service(), servers.item(content_type)
    if allowed:
        assert b"".join(service.iter_media(wanted, accept=accept)) == AUDIO
    else:
        with pytest.raises(MediaTypeError):
            list(service.iter_media(wanted, accept=accept))
        assert servers.requests == []


def test_media_is_stored_as_it_arrives(servers: MediaServers) -> None:
    """The upload gets key, chunks and type, and its result is returned."""
    stored: dict[str, Any] = {}

    def upload(key: str, chunks: Iterable[bytes], /, *, content_type: str) -> str:
        stored[key] = (b"".join(chunks), content_type)
        return "etag"

    assert servers.service().store_media(servers.item(), "notes/1.ogg", upload) == "etag"
    assert stored == {"notes/1.ogg": (AUDIO, "audio/ogg")}


def test_the_number_of_parallel_stores_is_limited(servers: MediaServers) -> None:
    """A download waits for others in progress, but not beyond its deadline."""
    service = servers.service(media_parallel=1)

    def upload(key: str, chunks: Iterable[bytes], /, *, content_type: str) -> int:
        if key == "outer":
            with use_deadline(Deadline(0.01)), pytest.raises(DeadlineExceededError, match="waiting"):
                service.store_media(servers.item(), "inner", upload)
        return sum(len(chunk) for chunk in chunks)

    assert service.store_media(servers.item(), "outer", upload) == len(AUDIO)
    assert service.store_media(servers.item(), "next", upload) == len(AUDIO)


def test_the_upload_sees_a_broken_download(servers: MediaServers) -> None:
    """A download that breaks raises its error from the chunks, so that the upload can be aborted."""
    long = AUDIO * 40
    servers.cdn = [(200, {"Content-Length": str(2 * len(long))}, long)]
    heard: list[str] = []

    def upload(key: str, chunks: Iterable[bytes], /, *, content_type: str) -> None:
        try:
            for _ in chunks:
                pass
        except Exception as error:
            heard.append(type(error).__name__)
            raise

    with pytest.raises(MediaUnavailableError):
        servers.service().store_media(servers.item(), "notes/1.ogg", upload)
    assert heard == ["MediaUnavailableError"]
