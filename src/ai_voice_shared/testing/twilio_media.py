"""An in-memory fake of Twilio's media API and CDN, with the interface of an HTTP client."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from ai_voice_shared.errors import ServiceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ai_voice_shared.http.messages import HttpRequest

__all__ = ["VOICE_NOTE", "TwilioMedia"]

VOICE_NOTE = b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead\x01\x01" + bytes(100)
"""Bytes with the header of an Ogg Opus file, without audio."""

_API, _CDN = "https://api.twilio.com/", "https://media.twiliocdn.com/"
_CHUNK_SIZE = 16 << 10


class TwilioMedia:
    """A fake of Twilio: the API requires the account's token and redirects, the CDN rejects credentials.

    Parameters
    ----------
    account_sid, auth_token
        The account.

    Attributes
    ----------
    files : dict
        Media id to bytes; the response to any other id is a 404.
    requests : list
        The ids that were requested from the API so far.

    Examples
    --------
    >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
    >>> webhooks = TwilioWebhooks()
    >>> message = webhooks.service.receive_message(webhooks.voice_note())
    >>> webhooks.media.fail()
    >>> b"".join(webhooks.service.iter_media(message.media[0]))
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.media.MediaUnavailableError: ...
    """

    def __init__(self, account_sid: str, auth_token: str) -> None:
        pair = f"{account_sid}:{auth_token}".encode()
        self._authorization = f"Basic {base64.b64encode(pair).decode()}"
        self._error: Exception | None = None
        self.files: dict[str, bytes] = {}
        self.requests: list[str] = []

    def fail(self, error: Exception | None = None) -> None:
        """Fail every download from now on, by default with an outage."""
        self._error = error or ServiceUnavailableError("no response", service="twilio")

    def recover(self) -> None:
        """End the outage."""
        self._error = None

    @contextmanager
    def stream(self, request: HttpRequest) -> Iterator[_Response]:
        """Respond to a request, as `HttpClient.stream` does."""
        sid = request.url.rpartition("/")[2]
        at_api = request.url.startswith(_API)
        if at_api:
            self.requests.append(sid)
        if self._error is not None:
            raise self._error
        authorization = request.headers.get("Authorization")
        if authorization != (self._authorization if at_api else None):
            yield _Response(HTTPStatus.UNAUTHORIZED)
        elif sid not in self.files:
            yield _Response(HTTPStatus.NOT_FOUND)
        elif at_api:
            yield _Response(HTTPStatus.TEMPORARY_REDIRECT, {"location": _CDN + sid})
        else:
            yield _Response(HTTPStatus.OK, {"content-length": str(len(self.files[sid]))}, self.files[sid])


class _Response:
    """The part of `HttpStream` that downloads use."""

    def __init__(self, status: HTTPStatus, headers: Mapping[str, str] | None = None, content: bytes = b"") -> None:
        self.status_code = int(status)
        self.headers = dict(headers or {})
        self._content = content

    def iter_bytes(self) -> Iterator[bytes]:
        for begin in range(0, len(self._content), _CHUNK_SIZE):
            yield self._content[begin : begin + _CHUNK_SIZE]
