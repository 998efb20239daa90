"""The services that functions of the benchmarks call: SSM, DynamoDB, S3, the customer lookup and Twilio's media.

All share one loopback port and are distinguished by the host name. They respond at once and always the same, so that
only the function is measured.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ACCOUNT_SID", "AUTH_TOKEN", "LOOKUP_URL", "PUBLIC_URL", "running_services", "webhook_event"]

ACCOUNT_SID = "AC" + 32 * "0"
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
PUBLIC_URL = "https://hooks.example.com"
LOOKUP_URL = "https://xyz.lambda-url.us-east-1.on.aws"

_MEDIA_HOST, _CDN_HOST = "api.twilio.com", "media.twiliocdn.com"
_AWS = "us-east-1.amazonaws.com"
_HOSTS = (
    f"ssm.{_AWS}",
    f"dynamodb.{_AWS}",
    f"s3.{_AWS}",
    f"*.s3.{_AWS}",
    "*.s3.amazonaws.com",  # boto3's host in us-east-1 without an addressing style
    "xyz.lambda-url.us-east-1.on.aws",
    _MEDIA_HOST,
    _CDN_HOST,
)
_AUDIO = Path(__file__).parents[1] / "e2e" / "data" / "voice-note.ogg"
_CUSTOMER = b'{"customer_id":"cust-1","company_id":"comp-1","company_name":"Example"}'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes; on a warm connection the second would wait 40 ms for the first's receipt.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Respond with the audio, to which Twilio's API redirects."""
        if self.headers["Host"] == _MEDIA_HOST:
            self._respond(307, b"", {"Location": f"https://{_CDN_HOST}{self.path}"})
        else:
            self._respond(200, _AUDIO.read_bytes(), {"Content-Type": "audio/ogg"})

    def do_POST(self) -> None:
        """Respond as SSM, as DynamoDB where every write succeeds, or as the customer lookup."""
        request = self._body()
        service = self.headers["Host"].partition(".")[0]
        if service == "ssm":
            name = json.loads(request)["Name"]
            parameter = {"Name": name, "Type": "SecureString", "Value": AUTH_TOKEN, "Version": 1}
            self._respond_json(json.dumps({"Parameter": parameter}).encode())
        elif service == "dynamodb":
            self._respond_json(b"{}")
        else:
            self._respond(200, _CUSTOMER, {"Content-Type": "application/json"})

    def do_PUT(self) -> None:
        """Accept an object as S3 does."""
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        body = self._body()
        self._respond(200, b"", {"ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'})

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

    def _respond_json(self, body: bytes) -> None:
        checksum = str(zlib.crc32(body))
        self._respond(200, body, {"Content-Type": "application/x-amz-json-1.1", "x-amz-crc32": checksum})

    def _respond(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Write nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Perform the TLS handshake in the connection's own thread, because a client under callgrind is slow."""
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        with self.tls.wrap_socket(request, server_side=True) as encrypted:
            super().finish_request(encrypted, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore errors when a function is terminated with its connections open."""


@contextmanager
def running_services(*, tls: bool = True) -> Iterator[int]:
    """Run the services for a block.

    Parameters
    ----------
    tls
        With certificates for their names, by the benchmarks' own authority.

    Yields
    ------
    int
        The port.
    """
    server = _Server(("127.0.0.1", 0), _Handler)
    if tls:
        from tests.benchmarks.authority import authority

        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority().issue_cert(*_HOSTS).configure_cert(server.tls)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def webhook_event(*, media: bool) -> dict[str, Any]:
    """Create a signed WhatsApp webhook as a function URL delivers it, with a voice note or with text only."""
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
        form |= {"MediaContentType0": "audio/ogg", "MediaUrl0": f"https://{_MEDIA_HOST}{media_path}"}
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
