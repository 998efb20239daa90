"""A WhatsApp voice note, from Twilio's webhook to the parsed result, and its failures."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared.domain.events import VoiceNoteParsedEvent
from ai_voice_shared.events import parse_event
from tests.support.twilio_harness import AUTH_TOKEN, Media, TwilioHarness, new_sid
from tests.support.waiting import wait_for
from tests.support.webhooks import EXTERNAL_ID, PHONE, lines_of, reply_text

if TYPE_CHECKING:
    from ai_voice_shared.domain.events import DomainEvent
    from ai_voice_shared.testing.xray import XRayCollector
    from tests.support.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("customers")]


def test_a_voice_note_becomes_a_parsed_result(
    local_stack: Stack, twilio: TwilioHarness, note: Media, collector: XRayCollector
) -> None:
    """A voice note is stored under a safe key and parsed, the reply is TwiML, and all share one correlation id."""
    # A sender of this test only: webhook-handler caches senders, and would not call the lookup server.
    phone = "+61400000101"
    local_stack.seed_customer(
        customer_id="cust-101", company_id="harbour-street", company_name="Harbour Street Builders", phone_number=phone
    )
    note.missing_times = 1
    webhook = twilio.voice_note([note], sender=f"whatsapp:{phone}")

    reply = local_stack.deliver(webhook)
    assert reply_text(reply)
    key = local_stack.wait_for_message_key(webhook.message_sid, ".ogg")
    result = local_stack.read_json(local_stack.wait_for_message_key(webhook.message_sid, ".json"))

    assert key == f"voice-notes/harbour-street/cust-101/{webhook.message_sid}/{note.sid}.ogg"
    stored = local_stack.aws.client("s3").get_object(Bucket=local_stack.bucket, Key=key)
    assert stored["Body"].read() == note.content
    assert stored["ContentType"] == "audio/ogg"

    assert result["source"] == {"bucket": local_stack.bucket, "key": key}
    assert (result["container"], result["codec"]) == ("ogg", "opus")
    assert (result["channels"], result["sample_rate_hz"]) == (1, 48_000)
    assert result["duration_seconds"] == pytest.approx(13.57, abs=0.01)

    assert (note.api_requests, note.cdn_requests, twilio.leaked_credentials) == (2, 1, 0)

    correlation_id = reply.headers["x-correlation-id"]
    assert stored["Metadata"]["correlation-id"] == correlation_id
    assert result["correlation_id"] == correlation_id
    wait_for(lambda: all(lines_of(local_stack, correlation_id).values()), what="a line of each function with one id")

    def services() -> set[str]:
        trees = [tree for trees in collector.traces().values() for tree in trees]
        matching = [tree for tree in trees if tree.annotations.get("correlation_id") == correlation_id]
        return {str(tree.annotations["Service"]) for tree in matching}

    assert collector.wait_for(lambda _: services() == {"webhook-handler", "customer-lookup-server", "voice-parser"})
    assert not collector.rejected


def test_a_result_does_not_trigger_the_parser(stack: Stack, voice_note: bytes) -> None:
    """An audio object triggers the parser once; the JSON that it writes does not trigger it again."""
    message, media = new_sid("MM"), new_sid("ME")
    key = f"voice-notes/harbour-street/cust-001/{message}/{media}.ogg"
    correlation_id = str(uuid.uuid4())
    stack.aws.client("s3").put_object(
        Bucket=stack.bucket, Key=key, Body=voice_note, Metadata={"correlation-id": correlation_id}
    )
    stack.wait_for_message_key(message, ".json")

    # The parser logs each start; a run triggered by the result would be logged before this one's end.
    after = f"voice-notes/harbour-street/cust-001/{new_sid('MM')}/{media}.ogg"
    stack.aws.client("s3").put_object(Bucket=stack.bucket, Key=after, Body=voice_note)
    stack.wait_for_message_key(after.split("/")[3], ".json")
    started = [line["key"] for line in stack.aws.log_lines(stack.voice_parser) if line["message"] == "parsing"]
    assert started.count(key) == 1
    assert not [key for key in started if key.endswith(".json")]


def test_a_parsed_note_is_published(local_stack: Stack, twilio: TwilioHarness, note: Media) -> None:
    """The event of voice-parser reaches a rule of the bus, with the message's ids and its correlation id."""
    sqs, events = local_stack.aws.client("sqs"), local_stack.aws.client("events")
    queue = sqs.create_queue(QueueName="parsed")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    pattern = json.dumps({"detail-type": ["voice_note.parsed"]})
    events.put_rule(Name="parsed", EventBusName=local_stack.event_bus, EventPattern=pattern)
    events.put_targets(Rule="parsed", EventBusName=local_stack.event_bus, Targets=[{"Id": "queue", "Arn": arn}])
    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")
    reply = local_stack.deliver(webhook)

    def heard() -> list[DomainEvent]:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        events_read = [
            parse_event({"messageId": message["MessageId"], "body": message["Body"]}) for message in messages
        ]
        return [event for event in events_read if event.correlation_id == reply.headers["x-correlation-id"]]

    (event,) = wait_for(heard, what="the event")
    assert isinstance(event, VoiceNoteParsedEvent)
    assert event.source == "voice-parser"
    assert event.data.message_sid == webhook.message_sid
    assert event.data.result_key in local_stack.message_keys(webhook.message_sid)
    assert event.data.duration_seconds is not None
    assert event.data.duration_seconds > 10


def test_a_second_delivery_has_no_effect(local_stack: Stack, twilio: TwilioHarness, note: Media) -> None:
    """A second delivery of a message gets the same reply, and nothing is downloaded or stored twice."""
    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")
    first = reply_text(local_stack.deliver(webhook))
    local_stack.wait_for_message_key(webhook.message_sid, ".json")
    before = (note.api_requests, note.cdn_requests, local_stack.message_keys(webhook.message_sid))

    assert reply_text(local_stack.deliver(webhook)) == first
    assert (note.api_requests, note.cdn_requests, local_stack.message_keys(webhook.message_sid)) == before


def test_a_sender_without_a_phone_number_is_found(local_stack: Stack, twilio: TwilioHarness, note: Media) -> None:
    """A sender is found by a business-scoped id in place of the number."""
    webhook = twilio.voice_note([note], sender=f"whatsapp:{EXTERNAL_ID}", external_user_id=EXTERNAL_ID)
    assert reply_text(local_stack.deliver(webhook))
    assert local_stack.message_keys(webhook.message_sid)[0].startswith("voice-notes/harbour-street/cust-002/")


def test_an_unknown_sender_gets_a_polite_reply(local_stack: Stack, twilio: TwilioHarness, note: Media) -> None:
    """An unknown sender gets a reply that says so, and the audio is not downloaded."""
    webhook = twilio.voice_note([note], sender="whatsapp:+61499999999")
    assert "not" in reply_text(local_stack.deliver(webhook))
    assert local_stack.message_keys(webhook.message_sid) == []
    assert note.api_requests == 0


def test_a_file_other_than_audio_ends_in_the_dead_letter_queue(local_stack: Stack) -> None:
    """The event of a file that is not audio is stored after its retries, and no result is written."""
    message = new_sid("MM")
    key = f"voice-notes/harbour-street/cust-001/{message}/{new_sid('ME')}.ogg"
    local_stack.aws.client("s3").put_object(Bucket=local_stack.bucket, Key=key, Body=b"not audio at all")
    queue = local_stack.outputs["VoiceParserFailuresUrl"]

    def letter() -> dict[str, Any] | None:
        found = local_stack.aws.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=1)
        return next((json.loads(message["Body"]) for message in found.get("Messages", [])), None)

    event = wait_for(letter, what="the event in the dead-letter queue")
    assert key in json.dumps(event)
    assert local_stack.message_keys(message) == [key]


def test_logs_and_traces_hold_no_personal_data(
    local_stack: Stack, twilio: TwilioHarness, note: Media, collector: XRayCollector
) -> None:
    """No log line and no trace segment has a number, a name, a text, a token or a signature."""
    # A sender of this test only, because earlier lookups are cached.
    phone = "+61400000077"
    local_stack.seed_customer(
        customer_id="cust-077", company_id="north-pier", company_name="North Pier Ltd", phone_number=phone
    )
    webhook = twilio.voice_note([note], sender=f"whatsapp:{phone}", Body="please call my wife", ProfileName="Zebedee")
    headers = webhook.headers(local_stack.webhook_url)
    reply = local_stack.post(webhook.body, headers)
    assert reply_text(reply)
    correlation_id = reply.headers["x-correlation-id"]
    local_stack.wait_for_message_key(webhook.message_sid, ".json")
    wait_for(lambda: all(lines_of(local_stack, correlation_id).values()), what="the lines of all functions")

    functions = (local_stack.webhook_handler, local_stack.lookup_server, local_stack.voice_parser)
    logged = json.dumps([local_stack.aws.log_lines(name) for name in functions])
    assert collector.wait_for(lambda segments: correlation_id in json.dumps(segments))
    traced = json.dumps(collector.segments)
    for secret in (phone, phone[1:], "Zebedee", "call my wife", AUTH_TOKEN, headers["X-Twilio-Signature"]):
        assert secret not in logged
        assert secret not in traced
