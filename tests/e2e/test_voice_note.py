"""A WhatsApp voice note, from Twilio's webhook to the parsed result, and all that can go wrong on the way."""

from __future__ import annotations

import contextlib
import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import pytest

from ai_voice_shared.domain.events import VoiceNoteParsedEvent
from ai_voice_shared.events import parse_event
from tests.support.twilio_world import ACCOUNT_SID, AUTH_TOKEN, Media, TwilioWorld, Webhook, new_sid, sign
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from ai_voice_shared.domain.events import DomainEvent
    from ai_voice_shared.testing.xray import XRayCollector
    from tests.support.stack import Stack

pytestmark = pytest.mark.e2e

PHONE = "+61400000001"
EXTERNAL_ID = "US.1234ABC"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module", autouse=True)
def customers(stack: Stack) -> None:
    """Make one customer known by phone number, another by a business-scoped id alone."""
    stack.seed_customer(
        customer_id="cust-001", company_id="harbour-street", company_name="Harbour Street Builders", phone_number=PHONE
    )
    stack.seed_customer(
        customer_id="cust-002",
        company_id="harbour-street",
        company_name="Harbour Street Builders",
        external_user_id=EXTERNAL_ID,
    )


@pytest.fixture
def note(voice_note: bytes) -> Media:
    """Make a voice note for Twilio to serve."""
    return Media(voice_note)


def said(reply: httpx.Response) -> str:
    """Return the text of a TwiML reply."""
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"].startswith(("text/xml", "application/xml"))
    root = ET.fromstring(reply.text)  # noqa: S314 - our own function's answer
    assert root.tag == "Response"
    return "".join(root.itertext())


def lines_of(stack: Stack, correlation_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return the log lines of each function that have a correlation id."""
    functions = (stack.webhook_handler, stack.lookup_server, stack.voice_parser)
    return {
        name: [line for line in stack.aws.log_lines(name) if line.get("correlation_id") == correlation_id]
        for name in functions
    }


def test_a_voice_note_becomes_a_parsed_result(
    embedded: Stack, twilio: TwilioWorld, note: Media, collector: XRayCollector
) -> None:
    """The audio is stored under a key of safe parts and parsed; the reply is TwiML; one correlation id joins it all."""
    note.missing_times = 1
    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")

    reply = embedded.deliver(webhook)
    assert said(reply)
    key = embedded.wait_for_message_key(webhook.message_sid, ".ogg")
    result = embedded.read_json(embedded.wait_for_message_key(webhook.message_sid, ".json"))

    assert key == f"voice-notes/harbour-street/cust-001/{webhook.message_sid}/{note.sid}.ogg"
    stored = embedded.aws.client("s3").get_object(Bucket=embedded.bucket, Key=key)
    assert stored["Body"].read() == note.content
    assert stored["ContentType"] == "audio/ogg"

    assert result["source"] == {"bucket": embedded.bucket, "key": key}
    assert (result["container"], result["codec"]) == ("ogg", "opus")
    assert (result["channels"], result["sample_rate_hz"]) == (1, 48_000)
    assert result["duration_seconds"] == pytest.approx(13.57, abs=0.01)

    assert (note.api_requests, note.cdn_requests, twilio.leaked_credentials) == (2, 1, 0)

    correlation_id = reply.headers["x-correlation-id"]
    assert stored["Metadata"]["correlation-id"] == correlation_id
    assert result["correlation_id"] == correlation_id
    wait_for(lambda: all(lines_of(embedded, correlation_id).values()), what="a line of each function with one id")

    def services() -> set[str]:
        trees = [tree for trees in collector.traces().values() for tree in trees]
        ours = [tree for tree in trees if tree.annotations.get("correlation_id") == correlation_id]
        return {str(tree.annotations["Service"]) for tree in ours}

    assert collector.wait_for(lambda _: services() == {"webhook-handler", "customer-lookup-server", "voice-parser"})
    assert not collector.rejected


def test_a_result_starts_nothing(stack: Stack, voice_note: bytes) -> None:
    """An audio object starts the parser once; the JSON that it writes does not start it again."""
    message, media = new_sid("MM"), new_sid("ME")
    key = f"voice-notes/harbour-street/cust-001/{message}/{media}.ogg"
    correlation_id = str(uuid.uuid4())
    stack.aws.client("s3").put_object(
        Bucket=stack.bucket, Key=key, Body=voice_note, Metadata={"correlation-id": correlation_id}
    )
    stack.wait_for_message_key(message, ".json")

    # The parser says so at the start of each run; a run that the result had started would come before this one's end.
    after = f"voice-notes/harbour-street/cust-001/{new_sid('MM')}/{media}.ogg"
    stack.aws.client("s3").put_object(Bucket=stack.bucket, Key=after, Body=voice_note)
    stack.wait_for_message_key(after.split("/")[3], ".json")
    started = [line["key"] for line in stack.aws.log_lines(stack.voice_parser) if line["message"] == "parsing"]
    assert started.count(key) == 1
    assert not [one for one in started if one.endswith(".json")]


def test_a_parsed_note_is_told_to_whoever_listens(embedded: Stack, twilio: TwilioWorld, note: Media) -> None:
    """voice-parser's event reaches a rule of the bus, with the ids of the message and its correlation id."""
    sqs, events = embedded.aws.client("sqs"), embedded.aws.client("events")
    queue = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    pattern = json.dumps({"detail-type": ["voice_note.parsed"]})
    events.put_rule(Name="told", EventBusName=embedded.event_bus, EventPattern=pattern)
    events.put_targets(Rule="told", EventBusName=embedded.event_bus, Targets=[{"Id": "queue", "Arn": arn}])
    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")
    reply = embedded.deliver(webhook)

    def heard() -> list[DomainEvent]:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        told = [parse_event({"messageId": message["MessageId"], "body": message["Body"]}) for message in messages]
        return [event for event in told if event.correlation_id == reply.headers["x-correlation-id"]]

    (event,) = wait_for(heard, what="the event")
    assert isinstance(event, VoiceNoteParsedEvent)
    assert event.source == "voice-parser"
    assert event.data.message_sid == webhook.message_sid
    assert event.data.result_key in embedded.message_keys(webhook.message_sid)
    assert event.data.duration_seconds is not None
    assert event.data.duration_seconds > 10


def test_a_second_delivery_is_done_once(embedded: Stack, twilio: TwilioWorld, note: Media) -> None:
    """The same message again gets the same reply, and nothing is fetched or stored twice."""
    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")
    first = said(embedded.deliver(webhook))
    embedded.wait_for_message_key(webhook.message_sid, ".json")
    before = (note.api_requests, note.cdn_requests, embedded.message_keys(webhook.message_sid))

    assert said(embedded.deliver(webhook)) == first
    assert (note.api_requests, note.cdn_requests, embedded.message_keys(webhook.message_sid)) == before


def test_a_sender_without_a_phone_number_is_found(embedded: Stack, twilio: TwilioWorld, note: Media) -> None:
    """A business-scoped id takes the place of the number."""
    webhook = twilio.voice_note([note], sender=f"whatsapp:{EXTERNAL_ID}", external_user_id=EXTERNAL_ID)
    assert said(embedded.deliver(webhook))
    assert embedded.message_keys(webhook.message_sid)[0].startswith("voice-notes/harbour-street/cust-002/")


def test_an_unknown_sender_gets_a_polite_reply(embedded: Stack, twilio: TwilioWorld, note: Media) -> None:
    """Whoever is not known is told so; the audio is not even fetched."""
    webhook = twilio.voice_note([note], sender="whatsapp:+61499999999")
    assert "not" in said(embedded.deliver(webhook))
    assert embedded.message_keys(webhook.message_sid) == []
    assert note.api_requests == 0


@pytest.mark.parametrize("case", ["forged", "missing", "stale token", "tampered"])
def test_an_unsigned_webhook_is_refused(stack: Stack, twilio: TwilioWorld, note: Media, case: str) -> None:
    """A signature that is forged, missing, made with an old token or for another body: 403, nothing stored."""
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

    assert stack.post(body, headers).status_code == 403
    assert stack.message_keys(webhook.message_sid) == []
    assert note.api_requests == 0


def signed(stack: Stack, body: bytes, content_type: str = FORM) -> httpx.Response:
    """Post a body as it is, signed for what a form parser makes of it."""
    pairs = parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True)
    signature = sign(stack.webhook_url, pairs)
    return stack.post(body, {"Content-Type": content_type, "X-Twilio-Signature": signature})


def test_a_body_that_is_no_form_is_refused(embedded: Stack) -> None:
    """JSON is not what Twilio sends for a message."""
    assert 400 <= signed(embedded, b'{"MessageSid": "MM1"}', "application/json").status_code < 500


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param(b"&Body=%4", id="truncated percent escape"),
        pytest.param(b"&Body=%ff%fe", id="escaped invalid UTF-8"),
        pytest.param(b"&Body=\xff\xfe", id="raw invalid UTF-8"),
        pytest.param(b"".join(b"&k%d=" % number for number in range(90_000)), id="1 MB of keys"),
    ],
)
def test_a_broken_form_stores_nothing(embedded: Stack, twilio: TwilioWorld, note: Media, tail: bytes) -> None:
    """A body that cannot be trusted to say what was sent is refused or answered, and nothing comes of it."""
    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")
    reply = signed(embedded, webhook.body.encode() + tail)
    assert 400 <= reply.status_code < 500
    assert embedded.message_keys(webhook.message_sid) == []


def test_media_that_is_announced_but_missing_is_refused(embedded: Stack, twilio: TwilioWorld, note: Media) -> None:
    """NumMedia=99 with one URL is not taken on trust."""
    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}", NumMedia="99")
    assert embedded.deliver(webhook).status_code < 500
    assert embedded.message_keys(webhook.message_sid) == []


def test_a_media_url_on_another_host_is_not_fetched(embedded: Stack, twilio: TwilioWorld, note: Media) -> None:
    """Even in a signed webhook only our own account's media at Twilio is fetched."""
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
        reply = embedded.deliver(Webhook(tuple((dict(webhook.pairs) | changed).items())))

    assert reply.status_code < 500
    assert asked == []
    assert embedded.message_keys(webhook.message_sid) == []
    code = "media_not_allowed"
    assert embedded.wait_for_log(embedded.webhook_handler, lambda line: line.get("error_code") == code, what=code)


@pytest.mark.parametrize(
    ("media", "code"),
    [
        pytest.param(lambda: Media(bytes(17 * 2**20)), "media_too_large", id="17 MB"),
        pytest.param(lambda: Media(b"\x89PNG\r\n", content_type="image/png"), "media_type", id="a picture"),
    ],
)
def test_media_that_is_no_voice_note_is_answered(embedded: Stack, twilio: TwilioWorld, media: Any, code: str) -> None:
    """Too much audio and what is not audio get a polite reply and a named error in the log; nothing is stored."""
    webhook = twilio.voice_note([media()], sender=f"whatsapp:{PHONE}")
    reply = embedded.deliver(webhook)
    assert said(reply)
    assert embedded.message_keys(webhook.message_sid) == []
    correlation_id = reply.headers["x-correlation-id"]
    line = embedded.wait_for_log(
        embedded.webhook_handler,
        lambda line: line.get("correlation_id") == correlation_id and "error_code" in line,
        what="the error's name",
    )
    assert line["error_code"] == code


def test_an_outage_of_the_lookup_can_be_retried(embedded: Stack, twilio: TwilioWorld, note: Media) -> None:
    """With the lookup down Twilio gets a 5xx and nothing is half done; the next delivery succeeds."""
    sender = "+61400000077"
    embedded.seed_customer(
        customer_id="cust-077", company_id="harbour-street", company_name="Harbour Street", phone_number=sender
    )
    webhook = twilio.voice_note([note], sender=f"whatsapp:{sender}")
    functions = embedded.aws.client("lambda")

    functions.put_function_concurrency(FunctionName=embedded.lookup_server, ReservedConcurrentExecutions=0)
    try:
        assert embedded.deliver(webhook).status_code in {502, 503, 504}
    finally:
        functions.delete_function_concurrency(FunctionName=embedded.lookup_server)
    assert embedded.message_keys(webhook.message_sid) == []
    assert note.api_requests == 0

    assert said(embedded.deliver(webhook))
    embedded.wait_for_message_key(webhook.message_sid, ".json")


def test_an_outage_of_s3_can_be_retried(embedded: Stack, twilio: TwilioWorld, note: Media) -> None:
    """With S3 down Twilio gets a 5xx and nothing is half done; the next delivery succeeds."""

    class Down(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")
    with serving(Down) as port, function_env(embedded, AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{port}"):
        assert embedded.deliver(webhook).status_code in {502, 503, 504}
    assert embedded.message_keys(webhook.message_sid) == []

    assert said(embedded.deliver(webhook))
    embedded.wait_for_message_key(webhook.message_sid, ".json")


def test_a_file_that_is_no_audio_ends_in_the_dead_letter_queue(embedded: Stack) -> None:
    """After its retries the event is kept, and no result is written."""
    message = new_sid("MM")
    key = f"voice-notes/harbour-street/cust-001/{message}/{new_sid('ME')}.ogg"
    embedded.aws.client("s3").put_object(Bucket=embedded.bucket, Key=key, Body=b"not audio at all")
    queue = embedded.outputs["VoiceParserFailuresUrl"]

    def letter() -> dict[str, Any] | None:
        found = embedded.aws.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=1)
        return next((json.loads(one["Body"]) for one in found.get("Messages", [])), None)

    event = wait_for(letter, what="the event in the dead-letter queue")
    assert key in json.dumps(event)
    assert embedded.message_keys(message) == [key]


def test_logs_hold_no_personal_data(embedded: Stack, twilio: TwilioWorld, note: Media) -> None:
    """No line of any function has a number, a name, a text, a token or a signature."""
    # A sender of this test's own: who was looked up before is not asked for again.
    phone = "+61400000077"
    embedded.seed_customer(
        customer_id="cust-077", company_id="north-pier", company_name="North Pier Ltd", phone_number=phone
    )
    webhook = twilio.voice_note([note], sender=f"whatsapp:{phone}", Body="please call my wife", ProfileName="Zebedee")
    headers = webhook.headers(embedded.webhook_url)
    reply = embedded.post(webhook.body, headers)
    assert said(reply)
    correlation_id = reply.headers["x-correlation-id"]
    embedded.wait_for_message_key(webhook.message_sid, ".json")
    wait_for(lambda: all(lines_of(embedded, correlation_id).values()), what="the lines of all functions")

    functions = (embedded.webhook_handler, embedded.lookup_server, embedded.voice_parser)
    written = json.dumps([embedded.aws.log_lines(name) for name in functions])
    for secret in (phone, phone[1:], "Zebedee", "call my wife", AUTH_TOKEN, headers["X-Twilio-Signature"]):
        assert secret not in written


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """Run a server on loopback for a block and give its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def function_env(stack: Stack, **variables: str) -> Iterator[None]:
    """Give the webhook handler further variables for a block."""
    functions = stack.aws.client("lambda")
    before = functions.get_function_configuration(FunctionName=stack.webhook_handler)["Environment"]
    changed = {"Variables": before["Variables"] | variables}
    functions.update_function_configuration(FunctionName=stack.webhook_handler, Environment=changed)
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=stack.webhook_handler, Environment=before)
