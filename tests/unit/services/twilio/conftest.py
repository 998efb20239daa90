"""Twilio's media API and its CDN on loopback, with scripted responses."""

from __future__ import annotations

import base64
import sys
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared.http import HttpClient
from ai_voice_shared.models import MediaItem, TwilioWebhookPayload
from ai_voice_shared.services.twilio.client import TwilioService
from ai_voice_shared.settings.twilio import TwilioSettings
from ai_voice_shared.testing.twilio import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    media_parameters,
    message_parameters,
    new_sid,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AUDIO = b"OggS" + bytes(range(256)) * 40
Response = tuple[int, dict[str, str], bytes]


@contextmanager
def serving(respond: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[int]:
    """Serve GET on loopback for a block; yields the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            respond(self)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            # A client may close the connection before it has read everything.
            if not isinstance(sys.exception(), ConnectionError):
                super().handle_error(request, client_address)

    with Server(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@dataclass
class MediaServers:
    """The scripted responses of both servers, of which the last is repeated, and the requests they received."""

    api: list[Response] = field(default_factory=list)
    cdn: list[Response] = field(default_factory=list)
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    api_url: str = ""
    cdn_url: str = ""
    slept: list[float] = field(default_factory=list)
    stack: ExitStack = field(default_factory=ExitStack)

    def respond(self, which: str, request: BaseHTTPRequestHandler) -> None:
        """Send the next response."""
        self.requests.append((which, request.path, request.headers["Authorization"]))
        script = self.api if which == "api" else self.cdn
        status, headers, body = script.pop(0) if len(script) > 1 else script[0]
        request.send_response(status)
        length = {} if "Transfer-Encoding" in headers else {"Content-Length": str(len(body))}
        for name, value in (length | headers).items():
            request.send_header(name, value)
        request.end_headers()
        try:
            request.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            request.close_connection = True
        if int(headers.get("Content-Length", len(body))) != len(body):
            request.close_connection = True

    def redirect(self, status: int = 307, where: str | None = None) -> Response:
        """Create a response that redirects to the CDN."""
        return status, {"Location": where or f"{self.cdn_url}/file?signature=secret"}, b""

    def service(self, **settings: Any) -> TwilioService:
        """Create a service of these servers, which records its waits."""
        client = HttpClient()
        self.stack.callback(client.close)
        values: dict[str, Any] = {
            "account_sid": ACCOUNT_SID,
            "auth_tokens": (AUTH_TOKEN,),
            "api_base_url": self.api_url,
            "cdn_hosts": ("localhost",),
        }
        return TwilioService(TwilioSettings(**(values | settings)), http=client, sleep=self.slept.append)

    def item(self, content_type: str = "audio/ogg; codecs=opus", **changes: Any) -> MediaItem:
        """Create a media item that the API has."""
        message_sid = new_sid("MM")
        files = media_parameters(
            new_sid("ME"), message_sid=message_sid, content_type=content_type, api_base_url=self.api_url
        )
        payload = TwilioWebhookPayload.from_pairs(message_parameters(files, MessageSid=message_sid))
        return payload.media[0]._replace(**changes)

    @property
    def visited(self) -> list[str]:
        """The server of each request, in turn."""
        return [which for which, _, _ in self.requests]


def basic(token: str = AUTH_TOKEN) -> str:
    """Return the header that Twilio's API requires."""
    return f"Basic {base64.b64encode(f'{ACCOUNT_SID}:{token}'.encode()).decode()}"


@pytest.fixture
def servers() -> Iterator[MediaServers]:
    """Run both servers; the API redirects to the CDN, and the CDN has audio."""
    made = MediaServers()
    with made.stack as stack:
        made.api_url = f"http://127.0.0.1:{stack.enter_context(serving(lambda request: made.respond('api', request)))}"
        # The same machine by another name, so that the hosts differ.
        port = stack.enter_context(serving(lambda request: made.respond("cdn", request)))
        made.cdn_url = f"http://localhost:{port}"
        made.api = [made.redirect()]
        made.cdn = [(200, {"Content-Type": "audio/ogg"}, AUDIO)]
        yield made
