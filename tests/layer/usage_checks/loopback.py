"""A server in the function's own process: a service, a lookup server, Twilio's media and Lambda's invoke API in one."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["AUDIO", "CUSTOMER", "serving"]

CUSTOMER = {"customer_id": "cust-1", "company_id": "acme", "company_name": "Acme"}
AUDIO = b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead" + bytes(2000)
_PROBLEM = "application/problem+json"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, kind, content = self._content(body)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _content(self, body: bytes) -> tuple[int, str, bytes]:
        if self.path.startswith("/2015-03-31/functions/"):
            lookup = json.loads(json.loads(body)["body"])
            status, _, customer = _customer(lookup)
            return 200, "application/json", json.dumps({"statusCode": status, "body": customer.decode()}).encode()
        if self.path == "/customers/lookup":
            return _customer(json.loads(body))
        if "/Media/" in self.path:
            return 200, "audio/ogg", AUDIO
        if self.path == "/missing":
            problem = {"status": 404, "code": "not_found", "detail": "Subject 123 was not found"}
            return 404, _PROBLEM, json.dumps(problem).encode()
        echo: dict[str, Any] = {"method": self.command, "path": self.path, "body": body.decode()}
        echo["headers"] = {name.lower(): value for name, value in self.headers.items()}
        return 200, "application/json", json.dumps(echo).encode()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def _customer(lookup: dict[str, str]) -> tuple[int, str, bytes]:
    if lookup == {"phone_number": "+61400000000"}:
        return 200, "application/json", json.dumps(CUSTOMER).encode()
    return 404, _PROBLEM, json.dumps({"status": 404, "code": "customer_not_found"}).encode()


@contextmanager
def serving() -> Iterator[str]:
    """Serve for a block, and yield the URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
