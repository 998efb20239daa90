"""An answer as `http.client` reads it, but with less forgiven."""

from __future__ import annotations

import string
from contextlib import suppress
from http.client import HTTPResponse
from typing import Any, Protocol

from ai_voice_shared.http.errors import NoHttpError
from ai_voice_shared.http.wire import PIECE

__all__ = ["SWITCHING_PROTOCOLS", "IncomingResponse", "joined_headers"]

SWITCHING_PROTOCOLS = 101
_FIRST_FINAL_STATUS = 200
_MOST_DIGITS = 18
_WITHOUT_A_BODY = frozenset({SWITCHING_PROTOCOLS, 204, 304})


class IncomingResponse(HTTPResponse):
    """A response of which less is forgiven."""

    headers: Any
    msg: Any
    chunked: bool
    chunk_left: int | None
    length: int | None
    will_close: bool

    def begin(self) -> None:
        """Read up to the headers of the final response."""
        while True:
            super().begin()
            if self.status == SWITCHING_PROTOCOLS or self.status >= _FIRST_FINAL_STATUS:
                break
            self.headers = self.msg = None
        chunked, length = _framing(self.headers)
        # `http.client` waits for the chunks of a 304, and takes a length or a coding that it cannot read for none.
        bodiless = self.status in _WITHOUT_A_BODY or self._method == "HEAD"  # type: ignore[attr-defined]
        self.chunked, self.chunk_left = chunked and not bodiless, None
        self.length = 0 if bodiless else length
        endless = length is None and not chunked and not bodiless
        self.will_close = endless or self._check_close()  # type: ignore[attr-defined]

    def _safe_read(self, amount: int) -> bytes:
        data: bytes = super()._safe_read(amount)  # type: ignore[misc]
        # Of a chunked body it reads only what ends a chunk.
        if self.chunked and data != b"\r\n":
            raise NoHttpError
        return data

    def _read_next_chunk_size(self) -> int:
        line = self.fp.readline(PIECE)
        size = line.partition(b";")[0].strip()
        if not line.endswith(b"\n") or not size or not set(size) <= set(string.hexdigits.encode()):
            raise NoHttpError
        return int(size, 16)


class _Headers(Protocol):
    defects: list[Any]

    def get_all(self, name: str, default: Any, /) -> list[str]: ...


def _framing(headers: _Headers) -> tuple[bool, int | None]:
    """Say whether the body comes in chunks, or else how long it is, where that is known."""
    from email import errors

    broken = (
        errors.FirstHeaderLineIsContinuationDefect,
        errors.InvalidHeaderDefect,
        errors.MisplacedEnvelopeHeaderDefect,
        errors.MissingHeaderBodySeparatorDefect,
    )
    if any(isinstance(defect, broken) for defect in headers.defects):
        raise NoHttpError
    # RFC 9112 section 6.3: who is not sure where a body ends does not guess.
    codings = headers.get_all("transfer-encoding", [])
    lengths = {length.strip() for each in headers.get_all("content-length", []) for length in each.split(",")}
    if codings and [coding.strip().lower() for coding in codings] != ["chunked"]:
        raise NoHttpError
    # Python makes no number of more than some thousand digits.
    if len(lengths) > 1 or not all(_is_length(length) for length in lengths):
        raise NoHttpError
    return bool(codings), None if codings or not lengths else int(lengths.pop())


def _is_length(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def joined_headers(response: IncomingResponse) -> dict[str, str]:
    """Give the headers with names in lower case, the values of a repeated one joined by commas."""
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        key, text = name.lower(), " ".join(value.split()) if "\n" in value else value.strip()
        if not text.isascii():
            with suppress(UnicodeDecodeError):  # then it is in Latin-1
                text = text.encode("latin-1").decode()
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers
