"""An S3 that accepts presigned requests only, and checks all of their conditions as S3 does.

Signatures are computed from the received request, by the specification:
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html for URLs, and
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html for forms.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PresignedS3", "url_signature"]


def _key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def url_signature(secret: str, method: str, url: str, headers: Mapping[str, str]) -> str:
    """Return the signature of a presigned URL over its signed headers."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    query.pop("X-Amz-Signature", None)
    sent = {name.lower(): value for name, value in headers.items()} | {"host": parts.netloc}
    signed = query["X-Amz-SignedHeaders"]
    canonical = "\n".join(
        [
            method,
            parts.path,
            "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in sorted(query.items())),
            "".join(f"{name}:{sent.get(name, '').strip()}\n" for name in signed.split(";")),
            signed,
            "UNSIGNED-PAYLOAD",
        ]
    )
    scope = query["X-Amz-Credential"].partition("/")[2]
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join(["AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, digest])
    return hmac.new(_key(secret, scope), to_sign.encode(), hashlib.sha256).hexdigest()


class PresignedS3:
    """The server, as a context manager that listens while its block runs.

    Parameters
    ----------
    secret
        The secret key that requests have to be signed with.
    """

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.now = datetime.now(UTC)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.s3 = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    s3: PresignedS3


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Log nothing."""

    def do_GET(self) -> None:
        """Return an object."""
        if self._is_authorized():
            found = self.server.s3.objects.get(self._path_key())
            self._respond(200 if found else 404, found[0] if found else b"")

    def do_PUT(self) -> None:
        """Store an object."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self._is_authorized():
            return
        checksum = self.headers.get("x-amz-checksum-sha256")
        if checksum and checksum != base64.b64encode(hashlib.sha256(body).digest()).decode():
            self._respond(400, b"BadDigest")
        elif self.headers.get("If-None-Match") == "*" and self._path_key() in self.server.s3.objects:
            self._respond(412, b"PreconditionFailed")
        else:
            self.server.s3.objects[self._path_key()] = body, self.headers.get("Content-Type", "")
            self._respond(200)

    def do_POST(self) -> None:
        """Accept a form with a file."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        fields: dict[str, str] = {}
        file, name = b"", ""
        for part in message_from_bytes(head + body).get_payload():
            content: Any = part.get_payload(decode=True)  # type: ignore[union-attr] # as above
            field = str(part.get_param("name", header="Content-Disposition"))  # type: ignore[union-attr] # as above
            if field == "file":
                file, name = content, str(part.get_filename())  # type: ignore[union-attr] # as above
            else:
                fields[field] = content.decode()
        refused = self._form_problem(fields, len(file))
        if refused:
            self._respond(403, refused.encode())
            return
        key = fields["key"].replace("${filename}", name)
        self.server.s3.objects[key] = file, fields.get("Content-Type", "")
        self._respond(204)

    def _form_problem(self, fields: dict[str, str], size: int) -> str | None:
        scope = fields["x-amz-credential"].partition("/")[2]
        key = _key(self.server.s3.secret, scope)
        if hmac.new(key, fields["policy"].encode(), hashlib.sha256).hexdigest() != fields["x-amz-signature"]:
            return "SignatureDoesNotMatch"
        policy = json.loads(base64.b64decode(fields["policy"]))
        if datetime.fromisoformat(policy["expiration"]) <= self.server.s3.now:
            return "AccessDenied: expired"
        named = {"policy", "x-amz-signature"}
        for condition in policy["conditions"]:
            if isinstance(condition, dict):
                [(name, wanted)] = condition.items()
                kind = "eq"
            else:
                kind, name, wanted = condition
            if kind == "content-length-range":
                # In place of name and value: the minimum and the maximum.
                if not int(name) <= size <= int(wanted):
                    return "EntityTooLarge"
                continue
            name = str(name).removeprefix("$")
            value = fields.get(name, "") if name != "bucket" else wanted
            if not (value == wanted if kind == "eq" else value.startswith(wanted)):
                return f"AccessDenied: {name}"
            named.add(name)
        unnamed = fields.keys() - named
        return f"AccessDenied: extra {sorted(unnamed)}" if unnamed else None

    def _is_authorized(self) -> bool:
        s3 = self.server.s3
        query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        made = url_signature(s3.secret, self.command, s3.url + self.path, dict(self.headers))
        signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if made != query["X-Amz-Signature"]:
            self._respond(403, b"SignatureDoesNotMatch")
        elif s3.now >= signed_at + timedelta(seconds=int(query["X-Amz-Expires"])):
            self._respond(403, b"AccessDenied: expired")
        else:
            return True
        return False

    def _path_key(self) -> str:
        return unquote(urlsplit(self.path).path).lstrip("/").partition("/")[2]

    def _respond(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
