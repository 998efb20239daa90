"""The demo: a WhatsApp voice note from Twilio's webhook to the parsed result, on the local AWS emulator.

``./build.sh demo`` or ``python -m tests.e2e.demo``. Everything is real except Twilio and AWS, whose
replacements behave alike: `sam` builds the layer and deploys the stack, and the functions run with the layer attached.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from rich.console import Console
from rich.text import Text

from ai_voice_shared import CustomerLookupClient, CustomerLookupSettings
from ai_voice_shared.testing.xray import TraceNode, XRayCollector, render_traces
from tests.support.local_aws import LocalAWS
from tests.support.processes import ProgramError, exit_on_signals
from tests.support.stack import Stack, deploy_stack
from tests.support.twilio_harness import Media, TwilioHarness, Webhook
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    import httpx

__all__ = ["main"]

VOICE_NOTE = Path(__file__).parent / "data" / "voice-note.ogg"
PHONE = "+61400000001"
LEFT_OUT = {"timestamp", "level", "service", "message", "correlation_id", "location", "xray_trace_id", "cold_start"}
INTERRUPTED = 130


class DemoError(RuntimeError):
    """A check of the demo failed."""


def main() -> int:
    """Run the demo and return the exit status: 0, 1 if something failed, 130 if interrupted."""
    console = Console(highlight=False)
    try:
        _run(console)
    except KeyboardInterrupt:
        console.print("\n[yellow]interrupted; nothing is left running")
        return INTERRUPTED
    except (DemoError, ProgramError, TimeoutError) as error:
        console.print(f"\n[bold red]failed:[/] {type(error).__name__}")
        console.print(Text(str(error)))
        return 1
    return 0


def _run(console: Console) -> None:
    began = time.monotonic()

    def announce(step: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.1f} s[/]  {step}")

    with exit_on_signals(), ExitStack() as exits:
        announce("start the local AWS emulator on loopback")
        twilio = exits.enter_context(TwilioHarness())
        collector = exits.enter_context(XRayCollector())
        aws = exits.enter_context(LocalAWS({"AWS_XRAY_DAEMON_ADDRESS": collector.address}, strict=True))
        announce(f"listening at {aws.endpoint_url}")
        stack = deploy_stack(aws, parameters=twilio.stack_parameters(), progress=announce)
        announce("seed the customers and Twilio's auth token")
        stack.put_auth_token()
        stack.seed_customer(
            customer_id="cust-001",
            company_id="harbour-street",
            company_name="Harbour Street Builders",
            phone_number=PHONE,
        )
        try:
            announce("Twilio posts a voice note")
            note = Media(VOICE_NOTE.read_bytes(), missing_times=1)
            webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")
            reply = _voice_note(console, stack, twilio, webhook, note, collector)
            announce("Twilio delivers the same message again")
            _second_delivery(console, stack, webhook, note, reply)
            announce("a webhook with a forged signature arrives")
            _forged(console, stack, twilio)
            announce("an unknown sender writes")
            _unknown(console, stack, twilio)
        except (DemoError, TimeoutError):
            console.print(Text(aws.log_tail(), style="dim"))
            raise
        announce("stop everything")
    announce("[bold green]done")


def _voice_note(
    console: Console, stack: Stack, twilio: TwilioHarness, webhook: Webhook, note: Media, collector: XRayCollector
) -> str:
    response = stack.deliver(webhook)
    reply = _reply_text(response)
    result_key = stack.wait_for_message_key(webhook.message_sid, ".json")
    result = stack.read_json(result_key)
    correlation_id = response.headers["x-correlation-id"]

    _section(console, "Reply", reply)
    _section(console, "Customer", json.dumps(_look_up_customer(stack), indent=2))
    _check(
        "Twilio's media API responded 404 once and then redirected", (note.api_requests, note.cdn_requests) == (2, 1)
    )
    _check("no credentials went to the CDN", twilio.leaked_credentials == 0)

    objects = []
    s3 = stack.aws.client("s3")
    for key in stack.message_keys(webhook.message_sid):
        head = s3.head_object(Bucket=stack.bucket, Key=key)
        found = head["Metadata"].get("correlation-id", "")
        _check(f"{key} carries the correlation id", found == correlation_id)
        objects.append(f"{key}\n  {head['ContentType']}, {head['ContentLength']} bytes, correlation id {found}")
    _section(console, f"Objects in {stack.bucket}", "\n".join(objects))
    _section(console, "Parsed result", json.dumps(result, indent=2))
    _check("the note's duration was found", abs(result["duration_seconds"] - 13.57) < 0.01)

    functions = (stack.webhook_handler, stack.lookup_server, stack.voice_parser)
    lines = wait_for(
        lambda: _lines(stack, functions, correlation_id), what="lines of each function with one correlation id"
    )
    _section(console, f"Log lines with correlation id {correlation_id}", "\n".join(_short(line) for line in lines))

    services = {"webhook-handler", "customer-lookup-server", "voice-parser"}
    _check(
        "each function was traced",
        collector.wait_for(lambda _: set(_trees(collector, correlation_id)) == services),
    )
    trees = [tree for found in _trees(collector, correlation_id).values() for tree in found]
    by_trace: dict[str, list[TraceNode]] = {}
    for tree in sorted(trees, key=lambda tree: tree.start):
        by_trace.setdefault(tree.trace_id, []).append(tree)
    _section(console, "Traces", render_traces(by_trace))
    return reply


def _second_delivery(console: Console, stack: Stack, webhook: Webhook, note: Media, reply: str) -> None:
    before = (note.api_requests, sorted(stack.message_keys(webhook.message_sid)))
    again = _reply_text(stack.deliver(webhook))
    after = (note.api_requests, sorted(stack.message_keys(webhook.message_sid)))
    _check("the second delivery got the same reply", again == reply)
    _check("the second delivery fetched and stored nothing", before == after)
    _section(console, "Second delivery", f"{again}\n(the same reply; nothing fetched, nothing stored)")


def _forged(console: Console, stack: Stack, twilio: TwilioHarness) -> None:
    note = Media(VOICE_NOTE.read_bytes())
    webhook = twilio.voice_note([note], sender=f"whatsapp:{PHONE}")
    response = stack.deliver(webhook, signature="A" * 27 + "=")
    _check("the forged webhook was refused", response.status_code == 403)
    _check("nothing was stored", not stack.message_keys(webhook.message_sid) and note.api_requests == 0)
    _section(console, "Forged signature", f"{response.status_code}: {response.text}\n(nothing fetched, nothing stored)")


def _unknown(console: Console, stack: Stack, twilio: TwilioHarness) -> None:
    note = Media(VOICE_NOTE.read_bytes())
    webhook = twilio.voice_note([note], sender="whatsapp:+61499999999")
    reply = _reply_text(stack.deliver(webhook))
    _check("nothing was stored", not stack.message_keys(webhook.message_sid) and note.api_requests == 0)
    _section(console, "Unknown sender", f"{reply}\n(nothing fetched, nothing stored)")


def _look_up_customer(stack: Stack) -> dict[str, Any]:
    settings = CustomerLookupSettings(function_name=stack.lookup_server, region=stack.aws.region)
    client = CustomerLookupClient(settings, lambda_client=stack.aws.client("lambda"))
    customer = client.fetch_customer_metadata(phone_number=PHONE)
    _check("the customer is known", customer is not None)
    return {} if customer is None else customer.model_dump()


def _reply_text(response: httpx.Response) -> str:
    _check(f"the status of the webhook is 200, not {response.status_code}: {response.text}", response.is_success)
    return "".join(ET.fromstring(response.text).itertext())  # noqa: S314 - our own function's response


def _lines(stack: Stack, functions: tuple[str, ...], correlation_id: str) -> list[dict[str, Any]]:
    found = [
        [line for line in stack.aws.log_lines(name) if line.get("correlation_id") == correlation_id]
        for name in functions
    ]
    return sorted(chain.from_iterable(found), key=lambda line: str(line["timestamp"])) if all(found) else []


def _short(line: dict[str, Any]) -> str:
    # The correlation id is the same on all lines and is printed above.
    fields = {name: value for name, value in line.items() if name not in LEFT_OUT and not name.startswith("function_")}
    more = " ".join(f"{name}={value}" for name, value in fields.items())
    return f"{line['timestamp'][11:23]} {line['level']:7} {line['service']}: {line['message']} {more}"


def _trees(collector: XRayCollector, correlation_id: str) -> dict[str, list[TraceNode]]:
    found: dict[str, list[TraceNode]] = {}
    for trees in collector.traces().values():
        for tree in trees:
            if tree.annotations.get("correlation_id") == correlation_id:
                found.setdefault(str(tree.annotations.get("Service")), []).append(tree)
    return found


def _check(what: str, holds: bool) -> None:  # noqa: FBT001 - reads as an assertion
    if not holds:
        raise DemoError(what)


def _section(console: Console, title: str, text: str) -> None:
    console.print(f"\n[bold]{title}")
    console.print(Text(text), soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
