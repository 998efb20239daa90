"""A small S3 on loopback with injected faults: real sockets, real HTTP, and optionally TLS.

It knows one bucket in path style, conditions, copies, ranges, CRC32 and uploads in parts, checks each body against its
checksum and its length as S3 does, and records its requests. A `Fault` is consumed by the requests
that it matches.
"""

from __future__ import annotations

import base64
import os
import socket
import struct
import threading
import uuid
import zlib
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    import ssl

__all__ = ["BUCKET", "Fault", "FaultyS3"]

BUCKET = "notes"
_NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


@dataclass
class Fault:
    """A fault to inject.

    Parameters
    ----------
    kind
        `status`: respond with `status` and S3's `code`, without effect. `reset`: close the connection with a reset,
        before any effect. `lost`: take effect, and reset in place of the response. `broken`: reset after `at` bytes of
        the body. `cut`: close the connection cleanly after `at` bytes. `corrupt`: change the byte at `at`.
        `stall`: send `at` bytes and then nothing until the server is closed. `replaced`: as `broken`, and
        replace the object under the key.
    method
        The method of the requests that it matches.
    times
        The number of requests.
    query
        A query parameter that they must have (`"uploadId"`).
    """

    kind: Literal["status", "reset", "lost", "broken", "cut", "corrupt", "stall", "replaced"]
    method: str
    times: int = 1
    at: int = 0
    status: int = 503
    code: str = "SlowDown"
    query: str | None = None


@dataclass
class _Stored:
    body: bytes
    headers: dict[str, str]
    etag: str
    crc: str


@dataclass
class _Upload:
    key: str
    headers: dict[str, str]
    parts: dict[int, tuple[int, bytes, str]] = field(default_factory=dict)


class FaultyS3:
    """The server, as a context manager that listens while its block runs.

    Parameters
    ----------
    tls
        Serve over TLS.
    keep
        Store the bodies of parts; without it, memory stays small for any upload.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, keep: bool = True) -> None:
        self.objects: dict[str, _Stored] = {}
        self.uploads: dict[str, _Upload] = {}
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.refused_deletions: dict[str, str] = {}  # key: code
        self.keep = keep
        self.lock = threading.RLock()
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.s3 = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def put(self, key: str, body: bytes) -> None:
        """Store an object without a request."""
        with self.lock:
            self.objects[key] = _Stored(body, {}, _etag(body), _crc(body))

    def headers_of(self, method: str) -> list[dict[str, str]]:
        """Return the headers of each request with this method."""
        return [headers for sent, _, headers in self.requests if sent == method]

    def fault_for(self, method: str, query: dict[str, list[str]]) -> Fault | None:
        """Consume and return the first matching fault."""
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and fault.method == method and (fault.query is None or fault.query in query):
                    fault.times -= 1
                    return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    s3: FaultyS3

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore the error: broken connections are intended."""

    def shutdown_request(self, request: Any) -> None:
        """Close without the preceding shutdown, which would hide a reset."""
        request.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 << 10
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Log nothing."""

    def handle_expect_100(self) -> bool:
        """Send 100 Continue at once and not when the buffer is full."""
        proceed = super().handle_expect_100()
        self.wfile.flush()
        return proceed

    def do_GET(self) -> None:
        """Return an object or a listing."""
        self._handle()

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - the names are http.server's

    def _handle(self) -> None:
        s3 = self.server.s3
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        with s3.lock:
            s3.requests.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.fault = s3.fault_for(self.command, query)
        if self.fault is not None and self.fault.kind == "reset":
            self._reset()
            return
        refused = self._read_body()
        if self.fault is not None and self.fault.kind == "status":
            self._error(self.fault.status, self.fault.code)
        elif refused is not None:
            self._error(400, refused)
        elif bucket != BUCKET:
            self._error(404, "NoSuchBucket")
        else:
            getattr(self, f"_{self.command.lower()}")(key, query)
        self.wfile.flush()

    # Requests

    def _get(self, key: str, query: dict[str, list[str]]) -> None:
        s3 = self.server.s3
        if not key:
            self._list(query)
            return
        with s3.lock:
            found = s3.objects.get(key)
        if found is None:
            self._error(404, "NoSuchKey")
            return
        if self.headers.get("If-Match", found.etag) != found.etag:
            self._error(412, "PreconditionFailed")
            return
        headers = found.headers | {"ETag": found.etag, "Last-Modified": formatdate(usegmt=True)}
        body, status = found.body, 200
        wanted = self.headers.get("Range")
        if wanted:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            begin, end = int(first), min(int(last or len(body)), len(body) - 1)
            headers["Content-Range"] = f"bytes {begin}-{end}/{len(body)}"
            body, status = body[begin : end + 1], 206
        elif self.headers.get("x-amz-checksum-mode"):
            headers["x-amz-checksum-crc32"] = found.crc
        self._respond(status, body, headers)

    _head = _get

    def _put(self, key: str, query: dict[str, list[str]]) -> None:
        s3 = self.server.s3
        with s3.lock:
            if "partNumber" in query:
                upload = s3.uploads.get(query["uploadId"][0])
                if upload is None:
                    self._error(404, "NoSuchUpload")
                    return
                upload.parts[int(query["partNumber"][0])] = (self.length, self.body, self.etag)
            elif "x-amz-copy-source" in self.headers:
                self._copy(unquote(self.headers["x-amz-copy-source"]).partition("/")[2], key)
                return
            elif not self._store(key, self.body, self._object_headers(), self.etag):
                return
        self._respond(200, b"", {"ETag": self.etag})

    def _copy(self, source_key: str, key: str) -> None:
        source = self.server.s3.objects.get(source_key)
        if source is None:
            self._error(404, "NoSuchKey")
        elif self._store(key, source.body, source.headers, source.etag):
            self._respond_xml("CopyObjectResult", f"<ETag>{source.etag}</ETag>")

    def _post(self, key: str, query: dict[str, list[str]]) -> None:
        s3 = self.server.s3
        if "delete" in query:
            self._delete_many()
            return
        if "uploads" in query:
            upload_id = uuid.uuid4().hex
            with s3.lock:
                s3.uploads[upload_id] = _Upload(key, self._object_headers())
            self._respond_xml("InitiateMultipartUploadResult", f"<UploadId>{upload_id}</UploadId>")
            return
        with s3.lock:
            upload = s3.uploads.get(query["uploadId"][0])
            if upload is None:
                self._error(404, "NoSuchUpload")
                return
            numbers = [int(str(node.text)) for node in ET.fromstring(self.body).iter() if _tag(node) == "PartNumber"]  # noqa: S314 - our own client wrote it
            body = b"".join(upload.parts[number][1] for number in numbers)
            if s3.keep and self.headers.get("x-amz-checksum-crc32", _crc(body)) != _crc(body):
                self._error(400, "BadDigest")
                return
            etag = f'"{uuid.uuid4().hex}-{len(numbers)}"'
            if not self._store(key, body, upload.headers, etag):
                return
            del s3.uploads[query["uploadId"][0]]
        self._respond_xml("CompleteMultipartUploadResult", f"<ETag>{etag}</ETag>")

    def _delete(self, key: str, query: dict[str, list[str]]) -> None:
        s3 = self.server.s3
        with s3.lock:
            if "uploadId" in query:
                s3.uploads.pop(query["uploadId"][0], None)
            else:
                s3.objects.pop(key, None)
        self._respond(204, b"", {})

    def _delete_many(self) -> None:
        s3, done = self.server.s3, ""
        for node in ET.fromstring(self.body).iter():  # noqa: S314 - our own client wrote it
            if _tag(node) != "Key":
                continue
            key = str(node.text)
            if key in s3.refused_deletions:
                code = s3.refused_deletions[key]
                done += f"<Error><Key>{key}</Key><Code>{code}</Code><Message>no</Message></Error>"
            else:
                with s3.lock:
                    s3.objects.pop(key, None)
                done += f"<Deleted><Key>{key}</Key></Deleted>"
        self._respond_xml("DeleteResult", done)

    def _list(self, query: dict[str, list[str]]) -> None:
        s3 = self.server.s3
        prefix = query.get("prefix", [""])[0]
        with s3.lock:
            keys = sorted(key for key in s3.objects if key.startswith(prefix))
            sizes = {key: len(s3.objects[key].body) for key in keys}
        entries = "".join(f"<Contents><Key>{key}</Key><Size>{sizes[key]}</Size></Contents>" for key in keys)
        self._respond_xml("ListBucketResult", f"<IsTruncated>false</IsTruncated>{entries}")

    # Bodies

    def _read_body(self) -> str | None:
        """Read the request's body, and return S3's error code if it is refused."""
        crc, chunks, length = 0, [], 0
        trailers: dict[str, str] = {}
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
        for chunk in self._chunks(trailers) if chunked else self._plain(int(self.headers.get("Content-Length", 0))):
            crc = zlib.crc32(chunk, crc)
            length += len(chunk)
            if self.server.s3.keep or self.command == "POST":
                chunks.append(chunk)
        self.body, self.length = b"".join(chunks), length
        self.etag = f'"{crc:08x}{length:024x}"'
        if self.fault is not None and self.fault.kind == "corrupt" and self.command == "PUT":
            crc ^= 1
        checksum = trailers.get("x-amz-checksum-crc32") or self.headers.get("x-amz-checksum-crc32")
        if self.command == "PUT" and checksum and checksum != base64.b64encode(crc.to_bytes(4, "big")).decode():
            return "BadDigest"
        return None

    def _plain(self, length: int) -> Any:
        while length > 0:
            chunk = self.rfile.read(min(length, 1 << 20))
            if not chunk:
                raise ConnectionError("the client disconnected")
            length -= len(chunk)
            yield chunk

    def _chunks(self, trailers: dict[str, str]) -> Any:
        """Decode HTTP's chunks, and the aws-chunked encoding inside them."""
        inner = bytearray()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            inner += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        at = 0
        while True:
            end = inner.index(b"\r\n", at)
            size = int(inner[at:end], 16)
            if size == 0:
                for line in bytes(inner[end + 2 :]).split(b"\r\n"):
                    name, _, value = line.decode().partition(":")
                    trailers[name] = value
                return
            yield bytes(inner[end + 2 : end + 2 + size])
            at = end + 2 + size + 2

    def _store(self, key: str, body: bytes, headers: dict[str, str], etag: str) -> bool:
        s3 = self.server.s3
        existing = s3.objects.get(key)
        if self.headers.get("If-None-Match") == "*" and existing is not None:
            self._error(412, "PreconditionFailed")
            return False
        if "If-Match" in self.headers and (
            existing is None or existing.etag.strip('"') != self.headers["If-Match"].strip('"')
        ):
            self._error(412, "PreconditionFailed")
            return False
        s3.objects[key] = _Stored(body, headers, etag, _crc(body))
        return True

    def _object_headers(self) -> dict[str, str]:
        metadata = {name: value for name, value in self.headers.items() if name.lower().startswith("x-amz-meta-")}
        return metadata | {"Content-Type": self.headers.get("Content-Type", "binary/octet-stream")}

    # Responses

    def _respond(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        fault = self.fault
        if fault is not None and fault.kind == "lost":
            self._reset()
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amz-request-id", "REQUEST-1")
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault is None or fault.kind in {"status", "corrupt"}:
            if fault is not None and fault.kind == "corrupt" and body:
                body = body[: fault.at] + bytes([body[fault.at] ^ 1]) + body[fault.at + 1 :]
            self.wfile.write(body)
            return
        self.wfile.write(body[: fault.at])
        self.wfile.flush()
        if fault.kind == "stall":
            self.server.s3.closing.wait()
        if fault.kind == "replaced":
            self.server.s3.put(unquote(urlsplit(self.path).path).split("/", 2)[2], b"another object")
        if fault.kind in {"broken", "replaced"}:
            self._reset()
        self.close_connection = True

    def _respond_xml(self, root: str, inner: str) -> None:
        self._respond(200, f"<{root} {_NAMESPACE}>{inner}</{root}>".encode(), {"Content-Type": "application/xml"})

    def _error(self, status: int, code: str) -> None:
        body = b"" if self.command == "HEAD" else f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        fault, self.fault = self.fault, None
        self._respond(status, body, {"Content-Type": "application/xml"})
        self.fault = fault

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        self.close_connection = True
        raise ConnectionAbortedError


def _etag(body: bytes) -> str:
    # Not MD5, which would take a large part of a benchmark's time.
    return f'"{zlib.crc32(body):08x}{len(body):024x}"'


def _crc(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def _tag(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2]
