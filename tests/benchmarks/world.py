"""What a function talks to in the benchmarks: S3, the customer lookup and Twilio's media, on one port of loopback.

They answer at once and the same to everybody, so that what is measured is the function.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ACCOUNT_SID", "AUTH_TOKEN", "PUBLIC_URL", "webhook_event", "world"]

ACCOUNT_SID = "AC" + 32 * "0"
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
PUBLIC_URL = "https://hooks.example.com"
_AUDIO = Path(__file__).parents[1] / "e2e" / "data" / "voice-note.ogg"
_CUSTOMER = b'{"customer_id":"cust-1","company_id":"comp-1","company_name":"Example"}'


class _World(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes; on a warm connection the second would wait 40 ms for the first's receipt.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Give the audio, whatever is asked for."""
        self._answer(200, _AUDIO.read_bytes(), {"Content-Type": "audio/ogg"})

    def do_POST(self) -> None:
        """Give the customer."""
        self._body()
        self._answer(200, _CUSTOMER, {"Content-Type": "application/json"})

    def do_PUT(self) -> None:
        """Take an object."""
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        body = self._body()
        self._answer(200, b"", {"ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'})

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length")
        if length is not None:
            return self.rfile.read(int(length))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(parts)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def world() -> Iterator[str]:
    """Serve it for a block; gives the base URL."""
    server = _Server(("127.0.0.1", 0), _World)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def webhook_event(base_url: str, *, media: bool) -> dict[str, Any]:
    """Make a signed WhatsApp webhook as a function URL delivers it, with a voice note or with text only."""
    message_sid = "MM" + 32 * "1"
    form = {
        "SmsMessageSid": message_sid,
        "NumMedia": "1" if media else "0",
        "ProfileName": "Ada",
        "MessageType": "audio" if media else "text",
        "SmsSid": message_sid,
        "WaId": "61400000000",
        "SmsStatus": "received",
        "Body": "" if media else "Hello there",
        "To": "whatsapp:+14155238886",
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": message_sid,
        "AccountSid": ACCOUNT_SID,
        "From": "whatsapp:+61400000000",
        "ApiVersion": "2010-04-01",
    }
    if media:
        media_path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{message_sid}/Media/ME{32 * '2'}"
        form |= {"MediaContentType0": "audio/ogg", "MediaUrl0": base_url + media_path}
    body = urlencode(form)
    text = f"{PUBLIC_URL}/webhook" + "".join(k + v for k, v in sorted(parse_qsl(body, keep_blank_values=True)))
    digest = hmac.new(AUTH_TOKEN.encode(), text.encode(), hashlib.sha1).digest()
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/webhook",
        "rawQueryString": "",
        "headers": {
            "host": "hooks.example.com",
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "x-twilio-signature": base64.b64encode(digest).decode(),
            "i-twilio-idempotency-token": "9f2b7c1e-0000-4000-8000-000000000000",
        },
        "requestContext": {
            "domainName": "hooks.example.com",
            "http": {"method": "POST", "path": "/webhook", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
            "requestId": "b7c1e9f2-0000-4000-8000-000000000000",
            "stage": "$default",
        },
        "body": base64.b64encode(body.encode()).decode(),
        "isBase64Encoded": True,
    }
