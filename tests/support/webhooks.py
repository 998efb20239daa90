"""Shared by the tests of deployed webhooks: customers, replies, log lines, servers that are down."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler

    import httpx

    from tests.support.stack import Stack

__all__ = ["EXTERNAL_ID", "PHONE", "function_settings", "lines_of", "logged_error", "reply_text", "serving"]

PHONE = "+61400000001"
EXTERNAL_ID = "US.1234ABC"


def reply_text(reply: httpx.Response) -> str:
    """Return the text of a TwiML reply."""
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"].startswith(("text/xml", "application/xml"))
    root = ET.fromstring(reply.text)  # noqa: S314 - our own function's response
    assert root.tag == "Response"
    return "".join(root.itertext())


def lines_of(stack: Stack, correlation_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return the log lines of each function with a correlation id."""
    functions = (stack.webhook_handler, stack.lookup_server, stack.voice_parser)
    return {
        name: [line for line in stack.aws.log_lines(name) if line.get("correlation_id") == correlation_id]
        for name in functions
    }


def logged_error(stack: Stack, reply: httpx.Response) -> str:
    """Wait for the log line of a failed webhook, assert that it has no personal data, and return its error code."""
    correlation_id = reply.headers["x-correlation-id"]
    line = stack.wait_for_log(
        stack.webhook_handler,
        lambda line: line.get("correlation_id") == correlation_id and line.get("message") == "webhook failed",
        what="the error's name",
    )
    assert PHONE.strip("+") not in json.dumps(line)
    assert PHONE.strip("+") not in reply.text
    return str(line["error_code"])


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """Run a server on loopback for a block, and yield its port."""
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
def function_settings(stack: Stack, *, timeout: int | None = None, **variables: str) -> Iterator[None]:
    """Set another timeout in seconds or further variables of the webhook handler, for a block."""
    functions = stack.aws.client("lambda")
    before = functions.get_function_configuration(FunctionName=stack.webhook_handler)
    original = {"Environment": before["Environment"], "Timeout": before["Timeout"]}
    changed: dict[str, Any] = {
        "Environment": {"Variables": before["Environment"]["Variables"] | variables},
        "Timeout": timeout or before["Timeout"],
    }
    functions.update_function_configuration(FunctionName=stack.webhook_handler, **changed)
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=stack.webhook_handler, **original)
