"""Deliveries during an outage, after a crash and at the same time: nothing is done partially or twice."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest

from tests.support.processes import process_of_port
from tests.support.waiting import wait_for
from tests.support.webhooks import PHONE, function_settings, logged_error, reply_text, serving

if TYPE_CHECKING:
    import httpx

    from tests.support.stack import Stack
    from tests.support.twilio_harness import Media, TwilioHarness

TWILIO_WAITS = 15
"""Seconds after which Twilio considers a webhook failed."""

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("customers")]


def test_an_outage_of_the_lookup_can_be_retried(local_stack: Stack, twilio: TwilioHarness, note: Media) -> None:
    """With the lookup down, Twilio gets a 5xx and nothing is stored; the next delivery succeeds."""
    sender = "+61400000078"
    local_stack.seed_customer(
        customer_id="cust-078", company_id="harbour-street", company_name="Harbour Street", phone_number=sender
    )
    webhook = twilio.voice_note([note], sender=f"whatsapp:{sender}")
    functions = local_stack.aws.client("lambda")

    functions.put_function_concurrency(FunctionName=local_stack.lookup_server, ReservedConcurrentExecutions=0)
    try:
        reply = local_stack.deliver(webhook, within=TWILIO_WAITS)
        assert reply.status_code in {502, 503, 504}
        assert logged_error(local_stack, reply) == "customer_lookup_unavailable"
    finally:
        functions.delete_function_concurrency(FunctionName=local_stack.lookup_server)
    assert local_stack.message_keys(webhook.message_sid) == []
    assert note.api_requests == 0

    assert reply_text(local_stack.deliver(webhook))
    local_stack.wait_for_message_key(webhook.message_sid, ".json")


def test_an_outage_of_s3_can_be_retried(local_stack: Stack, twilio: TwilioHarness, note: Media) -> None:
    """With S3 down, Twilio gets a 5xx and nothing is stored; the next delivery succeeds."""

    class Down(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")
    with serving(Down) as port, function_settings(local_stack, AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{port}"):
        reply = local_stack.deliver(webhook, within=TWILIO_WAITS)
        assert reply.status_code in {502, 503, 504}
        assert logged_error(local_stack, reply).startswith("s3_")
    assert local_stack.message_keys(webhook.message_sid) == []

    assert reply_text(local_stack.deliver(webhook))
    local_stack.wait_for_message_key(webhook.message_sid, ".json")


def test_a_later_delivery_recovers_from_a_crash(local_stack: Stack, twilio: TwilioHarness, note: Media) -> None:
    """A killed function leaves its claim; once the claim expires, the next delivery does the work."""
    if not sys.platform.startswith("linux"):
        pytest.skip("finds the function's process through /proc")
    killed: list[int] = []

    def kill(port: int) -> None:
        if not killed:
            killed.append(process_of_port(port))
            os.kill(killed[0], signal.SIGKILL)

    note.on_request = kill
    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")
    with function_settings(local_stack, timeout=8):
        assert local_stack.deliver(webhook).status_code >= 500
        assert killed
        assert local_stack.message_keys(webhook.message_sid) == []
        # The claim has not expired, so Twilio has to retry.
        reply = local_stack.deliver(webhook)
        assert reply.status_code == 503
        assert logged_error(local_stack, reply) == "service_unavailable"

        def done() -> httpx.Response | None:
            reply = local_stack.deliver(webhook)
            return reply if reply.status_code == 200 else None

        assert reply_text(wait_for(done, what="a delivery that does the work"))
    local_stack.wait_for_message_key(webhook.message_sid, ".json")
    assert note.cdn_requests == 2


def test_fifty_deliveries_at_once_are_one_voice_note(local_stack: Stack, twilio: TwilioHarness, note: Media) -> None:
    """Concurrent deliveries all get the same reply, some after a 5xx; the audio is downloaded and stored once."""
    functions = local_stack.aws.client("lambda")
    # Fifty processes would take most of the test's time; Twilio retries the deliveries that Lambda throttles.
    functions.put_function_concurrency(FunctionName=local_stack.webhook_handler, ReservedConcurrentExecutions=10)
    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")
    together = threading.Barrier(50)

    def deliver(_: int) -> httpx.Response:
        together.wait()
        return local_stack.deliver(webhook, within=120)

    try:
        with ThreadPoolExecutor(50) as pool:
            replies = list(pool.map(deliver, range(50)))
    finally:
        functions.delete_function_concurrency(FunctionName=local_stack.webhook_handler)
    assert {reply.status_code for reply in replies} <= {200, 429, 503}
    texts = {reply_text(reply) for reply in replies if reply.status_code == 200}
    texts.add(reply_text(local_stack.deliver(webhook)))
    assert len(texts) == 1
    local_stack.wait_for_message_key(webhook.message_sid, ".json")
    assert (note.api_requests, note.cdn_requests) == (1, 1)
    assert [key.rpartition(".")[2] for key in sorted(local_stack.message_keys(webhook.message_sid))] == ["json", "ogg"]
