"""Decoding of bodies, under the request's size limit.

urllib3 and httpx decode as well, but both return a truncated gzip stream as if it were the whole body, urllib3 ignores
what follows the stream, and httpx expands each read of 64 kB to as much as 64 MB before a limit applies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import ServiceResponseError
from ai_voice_shared.http.messages import server_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ai_voice_shared.http.messages import HttpRequest

__all__ = ["BodyDecoder"]

_CHUNK = 1 << 16
_GZIP = 31  # zlib's `wbits` for a gzip stream with the largest window


class BodyDecoder:
    """Decodes a body and enforces the request's size limit, chunk by chunk, against decompression bombs.

    Only gzip is accepted: "deflate" means two formats, and servers disagree about which.

    Parameters
    ----------
    request
        The request.
    headers
        Headers of the response, with names in lower case.

    Examples
    --------
    >>> import gzip
    >>> from ai_voice_shared.http import HttpRequest
    >>> decoder = BodyDecoder(HttpRequest(method="GET", url="http://localhost"), {"content-encoding": "gzip"})
    >>> b"".join(decoder.decode(gzip.compress(b"hello")))
    b'hello'
    """

    def __init__(self, request: HttpRequest, headers: Mapping[str, str]) -> None:
        self._request = request
        self._encoding = headers.get("content-encoding", "").strip().lower()
        self._decoder: Any = None
        self._members = 0
        self._size = 0

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Return the decoded bytes of a chunk of the encoded body."""
        if self._encoding in {"", "identity"}:
            yield self._count(data)
            return
        if self._encoding not in {"gzip", "x-gzip"}:
            raise self._error("a content encoding that was not requested")
        import zlib

        while data:
            if self._decoder is None:
                # Some servers pad with zeros to whole blocks.
                data = data.lstrip(b"\0") if self._members else data
                self._decoder = zlib.decompressobj(_GZIP) if data else None
                continue
            try:
                decoded = self._decoder.decompress(data, _CHUNK)
            except zlib.error:
                raise self._error("a body that does not match its content encoding") from None
            if decoded:
                yield self._count(decoded)
            data = self._decoder.unconsumed_tail or self._decoder.unused_data
            if self._decoder.eof:
                # Another member may follow (RFC 1952 section 2.2).
                self._decoder = None
                self._members += 1

    def finish(self) -> None:
        """Raise ServiceResponseError if the encoded body is truncated."""
        if self._decoder is not None:
            raise self._error("a truncated body")

    def _count(self, data: bytes) -> bytes:
        self._size += len(data)
        if self._size > self._request.max_bytes:
            raise self._error(f"more than {self._request.max_bytes} bytes")
        return data

    def _error(self, what: str) -> ServiceResponseError:
        return ServiceResponseError(f"{server_name(self._request)} sent {what}", service=self._request.service)
