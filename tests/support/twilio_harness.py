"""A fake Twilio for the tests: signed WhatsApp webhooks, and a media API that behaves as Twilio's does.

Twilio's own package creates the signature, so that the package's is checked by an independent one. The media API
requires basic auth, responds 404 for a moment after the message, and redirects to a CDN on another host, which refuses
credentials: a client that sends them there has leaked them.
"""

from __future__ import annotations

import base64
import threading
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self

__all__ = ["ACCOUNT_SID", "AUTH_TOKEN", "Media", "TwilioHarness", "Webhook", "new_sid", "sign"]

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "a-token-that-opens-nothing"
BUSINESS_NUMBER = "whatsapp:+61400000000"


def new_sid(kind: str) -> str:
    """Create a Twilio id such as MM..., SM... or ME...: two letters and 32 hexadecimal digits."""
    return kind + uuid.uuid4().hex


def sign(url: str, pairs: Sequence[tuple[str, str]], token: str = AUTH_TOKEN) -> str:
    """Sign a webhook as Twilio does, with Twilio's own package."""
    from twilio.request_validator import RequestValidator

    return str(RequestValidator(token).compute_signature(url, dict(pairs)))


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as sent, before it is signed for a URL."""

    pairs: tuple[tuple[str, str], ...]

    @property
    def body(self) -> str:
        """The form-encoded body."""
        return urlencode(self.pairs)

    @property
    def message_sid(self) -> str:
        """The message's id."""
        return dict(self.pairs)["MessageSid"]

    def headers(self, url: str, token: str = AUTH_TOKEN) -> dict[str, str]:
        """Return the headers that Twilio sends to `url` with it."""
        return {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
            "X-Twilio-Signature": sign(url, self.pairs, token),
        }


@dataclass(slots=True)
class Media:
    """A media file of a message, with counts of its requests.

    The CDN calls `on_request` with the client's port before it responds.
    """

    content: bytes
    content_type: str = "audio/ogg"
    missing_times: int = 0
    sid: str = field(default_factory=lambda: new_sid("ME"))
    api_requests: int = 0
    cdn_requests: int = 0
    on_request: Callable[[int], None] = field(default=lambda _: None, repr=False)


class TwilioHarness:
    """Twilio's media API and its CDN, each on a host of its own, as a context manager.

    Parameters
    ----------
    address
        The address to listen on: loopback, or an address of this machine that only its containers reach.
    cdn_host
        Another name of that address.
    """

    def __init__(self, address: str = "127.0.0.1", cdn_host: str = "localhost") -> None:
        self._address = address
        self.media: dict[str, Media] = {}
        self.leaked_credentials = 0
        self.api_base_url = ""
        self.cdn_host = cdn_host
        self._cdn_base_url = ""
        self._stack = ExitStack()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.api_base_url = f"http://{self._address}:{self._serve(stack, self._respond_api)}"
            self._cdn_base_url = f"http://{self.cdn_host}:{self._serve(stack, self._respond_cdn)}"
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _serve(self, stack: ExitStack, respond: Any) -> int:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                respond(self)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer((self._address, 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        stack.callback(server.server_close)
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        return int(server.server_address[1])

    def stack_parameters(self) -> dict[str, str]:
        """Return the template parameters with which a stack uses this server."""
        return {"TwilioApiBaseUrl": self.api_base_url, "TwilioCdnHosts": self.cdn_host}

    def voice_note(
        self,
        media: Sequence[Media],
        *,
        sender: str = "whatsapp:+61400000001",
        external_user_id: str | None = None,
        **changes: str,
    ) -> Webhook:
        """Create the webhook of a WhatsApp message with `media`, and serve the media.

        Parameters
        ----------
        changes
            Further parameters, or other values for the default ones.
        """
        message = new_sid("MM")
        fields = {
            "SmsMessageSid": message,
            "NumMedia": str(len(media)),
            "ProfileName": "Alex",
            "MessageType": "audio" if media else "text",
            "SmsSid": message,
            "WaId": sender.removeprefix("whatsapp:").removeprefix("+"),
            "SmsStatus": "received",
            "Body": "",
            "To": BUSINESS_NUMBER,
            "NumSegments": "1",
            "ReferralNumMedia": "0",
            "MessageSid": message,
            "AccountSid": ACCOUNT_SID,
            "From": sender,
            "ApiVersion": "2010-04-01",
        }
        if external_user_id is not None:
            fields["ExternalUserId"] = external_user_id
        for number, item in enumerate(media):
            with self._lock:
                self.media[item.sid] = item
            fields[f"MediaContentType{number}"] = item.content_type
            fields[f"MediaUrl{number}"] = (
                f"{self.api_base_url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{message}/Media/{item.sid}"
            )
        return Webhook(tuple((fields | changes).items()))

    def _respond_api(self, request: BaseHTTPRequestHandler) -> None:
        expected = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            _respond(request, HTTPStatus.UNAUTHORIZED)
            return
        with self._lock:
            media = self.media.get(request.path.rpartition("/")[2])
            if media is not None:
                media.api_requests += 1
        if media is None or media.api_requests <= media.missing_times:
            _respond(request, HTTPStatus.NOT_FOUND)
            return
        where = f"{self._cdn_base_url}/{ACCOUNT_SID}/{media.sid}"
        _respond(request, HTTPStatus.TEMPORARY_REDIRECT, {"Location": where})

    def _respond_cdn(self, request: BaseHTTPRequestHandler) -> None:
        if "Authorization" in request.headers:
            with self._lock:
                self.leaked_credentials += 1
            _respond(request, HTTPStatus.BAD_REQUEST)
            return
        with self._lock:
            media = self.media.get(request.path.rpartition("/")[2])
            if media is not None:
                media.cdn_requests += 1
        if media is None:
            _respond(request, HTTPStatus.NOT_FOUND)
            return
        media.on_request(request.client_address[1])
        _respond(request, HTTPStatus.OK, {"Content-Type": media.content_type}, media.content)


def _respond(
    request: BaseHTTPRequestHandler, status: HTTPStatus, headers: dict[str, str] | None = None, content: bytes = b""
) -> None:
    request.send_response(status)
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    try:
        request.wfile.write(content)
    except (BrokenPipeError, ConnectionResetError):
        # A client that has read enough may disconnect.
        request.close_connection = True
