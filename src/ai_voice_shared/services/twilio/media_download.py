"""Downloading a media item: from Twilio's API with credentials, from its CDN without.

A fresh upload may be a 404 for some seconds; a rotated token is a 401 for the one that is not valid yet, or not any
more; what is down may be up again in a moment. All of that is waited for here, within one deadline, and nowhere
else.
"""

from __future__ import annotations

import base64
import logging
import time
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from ai_voice_shared.errors import (
    MediaNotAllowedError,
    MediaNotFoundError,
    MediaUnavailableError,
    TwilioMediaError,
)
from ai_voice_shared.http import HttpRequest
from ai_voice_shared.resilience.deadline import Deadline, current_deadline
from ai_voice_shared.resilience.retrying import RetryPolicy, RetryState
from ai_voice_shared.services.twilio.media_rules import MediaRules
from ai_voice_shared.services.twilio.media_stream import MediaStream, unavailable_when_down

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ai_voice_shared.http import HttpClient, HttpStream
    from ai_voice_shared.models.twilio.media import MediaItem
    from ai_voice_shared.settings.twilio import TwilioSettings

__all__ = ["MediaDownload"]

_REDIRECTS = {301, 302, 303, 307, 308}
_MAX_REDIRECTS = 3
_YEAR = 31_536_000.0
_log = logging.getLogger(__name__)


class MediaDownload:
    """Opens media items of one account.

    Parameters
    ----------
    settings
        The account and its limits.
    http
        The client.
    sleep
        How to wait.
    """

    def __init__(
        self, settings: TwilioSettings, http: HttpClient, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings = settings
        self._http = http
        self._sleep = sleep
        self._rules = MediaRules(settings)
        self._token = 0

    @contextmanager
    def open(self, item: MediaItem) -> Iterator[MediaStream]:
        """Open a media item; raises as `TwilioService.stream_media`."""
        url = self._rules.check_url(item)
        limit = self._settings.media_timeout
        current = current_deadline()
        deadline = Deadline(limit) if current is None else current.earlier(limit)
        retries = RetryState(
            RetryPolicy.from_delays(self._settings.media_retry_delays),
            retryable=_is_worth_waiting_for,
            deadline=deadline,
            message="retrying media download",
            fields={"media_sid": item.sid},
        )
        token, refused = self._token, 0
        while True:
            with ExitStack() as stack:
                try:
                    stream = self._ask(stack, url, token, deadline)
                    if stream.status_code == HTTPStatus.UNAUTHORIZED:
                        refused += 1
                        token = self._next_token(token, refused)
                        continue
                    media = MediaStream(item, self._usable(stream), self._settings.max_media_bytes)
                    # The one that was taken is the one to begin with from now on.
                    self._token = token
                except TwilioMediaError as error:
                    delay = retries.next_delay(error)
                    if delay is None:
                        raise
                else:
                    yield media
                    return
            self._sleep(delay)

    def _ask(self, stack: ExitStack, url: str, token: int, deadline: Deadline) -> HttpStream:
        """Ask the API, and follow where it redirects to without credentials."""
        secret = self._settings.auth_tokens[token].get_secret_value()
        pair = f"{self._settings.account_sid}:{secret}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        for _ in range(_MAX_REDIRECTS + 1):
            stream = self._send(stack, url, headers, deadline)
            if stream.status_code not in _REDIRECTS:
                return stream
            url = self._rules.check_redirect(url, stream.headers.get("location", ""))
            headers = {}
        raise MediaNotAllowedError("the media redirects too often", service="twilio")

    def _send(self, stack: ExitStack, url: str, headers: dict[str, str], deadline: Deadline) -> HttpStream:
        settings = self._settings
        request = HttpRequest(
            method="GET",
            url=url,
            # A compressed answer could unpack to any size.
            headers={"Accept-Encoding": "identity", **headers},
            connect_timeout=settings.media_connect_timeout,
            read_timeout=settings.media_read_timeout,
            timeout=deadline.limit(settings.media_timeout, service="twilio"),
            # The stream counts for itself, to tell a cap from a broken answer.
            max_bytes=settings.max_media_bytes * 2,
            service="twilio",
        )
        with unavailable_when_down():
            return stack.enter_context(self._http.stream(request))

    def _usable(self, stream: HttpStream) -> HttpStream:
        status = stream.status_code
        if status == HTTPStatus.NOT_FOUND:
            raise MediaNotFoundError("Twilio does not have the media", service="twilio", status_code=status)
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise MediaUnavailableError(
                f"Twilio answered {status}",
                service="twilio",
                status_code=status,
                retry_after=_seconds(stream.headers.get("retry-after", "")),
            )
        if status != HTTPStatus.OK or stream.headers.get("content-encoding", "identity") != "identity":
            raise TwilioMediaError(f"Twilio answered {status}", service="twilio", status_code=status)
        return stream

    def _next_token(self, token: int, refused: int) -> int:
        tokens = self._settings.auth_tokens
        if refused >= len(tokens):
            raise TwilioMediaError(
                "Twilio refuses every auth token: are they of this account?",
                service="twilio",
                status_code=HTTPStatus.UNAUTHORIZED,
            )
        _log.warning("an auth token was refused, the next one is used")
        return (token + 1) % len(tokens)


def _is_worth_waiting_for(error: BaseException) -> bool:
    # A 404 as well: the media of a message just received may take seconds to appear.
    return isinstance(error, MediaNotFoundError | MediaUnavailableError)


def _seconds(retry_after: str) -> float | None:
    return min(float(retry_after), _YEAR) if retry_after.isascii() and retry_after.isdigit() else None
