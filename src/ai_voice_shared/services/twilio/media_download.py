"""Downloads of media items: from Twilio's API with credentials, from its CDN without.

A recent upload may be a 404 for some seconds; during a rotation a token that is not valid yet, or no longer, is a 401;
an outage may be short. All of these are retried here only, within one deadline.
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
from ai_voice_shared.resilience.retrying import RetryPolicy, RetryState
from ai_voice_shared.services.twilio.media_rules import MediaRules
from ai_voice_shared.services.twilio.media_stream import MediaStream, map_outages
from ai_voice_shared.utils.deadline import create_deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ai_voice_shared.http import HttpClient, HttpStream
    from ai_voice_shared.models.twilio.media import MediaItem
    from ai_voice_shared.settings.twilio import TwilioSettings
    from ai_voice_shared.utils.deadline import Deadline

__all__ = ["MediaDownload"]

_REDIRECTS = {301, 302, 303, 307, 308}
_MAX_REDIRECTS = 3
_YEAR = 31_536_000.0
_log = logging.getLogger(__name__)


class MediaDownload:
    """Downloads the media items of one account.

    Parameters
    ----------
    settings
        The account, its tokens and its limits.
    http
        The HTTP client.
    sleep
        Waits before a retry.
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
        """Open a media item; raise as `TwilioService.stream_media`."""
        url = self._rules.check_url(item)
        deadline = create_deadline(self._settings.media_timeout)
        retries = RetryState(
            RetryPolicy.from_delays(self._settings.media_retry_delays),
            retryable=_is_retryable,
            deadline=deadline,
            message="retrying media download",
            fields={"media_sid": item.sid},
        )
        token, rejected = self._token, 0
        while True:
            with ExitStack() as stack:
                try:
                    stream = self._request(stack, url, token, deadline)
                    if stream.status_code == HTTPStatus.UNAUTHORIZED:
                        rejected += 1
                        token = self._next_token(token, rejected)
                        continue
                    media = MediaStream(item, self._check_response(stream), self._settings.max_media_bytes)
                    # Later downloads begin with the token that was accepted.
                    self._token = token
                except TwilioMediaError as error:
                    delay = retries.next_delay(error)
                    if delay is None:
                        raise
                else:
                    yield media
                    return
            self._sleep(delay)

    def _request(self, stack: ExitStack, url: str, token: int, deadline: Deadline) -> HttpStream:
        """Send a request to the API, and follow redirects without credentials."""
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
            # A compressed response could expand to any size.
            headers={"Accept-Encoding": "identity", **headers},
            connect_timeout=settings.media_connect_timeout,
            read_timeout=settings.media_read_timeout,
            timeout=deadline.limit(settings.media_timeout, service="twilio"),
            # The stream enforces the limit itself, to distinguish it from an invalid response.
            max_bytes=settings.max_media_bytes * 2,
            service="twilio",
        )
        with map_outages():
            return stack.enter_context(self._http.stream(request))

    def _check_response(self, stream: HttpStream) -> HttpStream:
        status = stream.status_code
        if status == HTTPStatus.NOT_FOUND:
            raise MediaNotFoundError("Twilio does not have the media", service="twilio", status_code=status)
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise MediaUnavailableError(
                f"Twilio responded with {status}",
                service="twilio",
                status_code=status,
                retry_after=_parse_seconds(stream.headers.get("retry-after", "")),
            )
        if status != HTTPStatus.OK or stream.headers.get("content-encoding", "identity") != "identity":
            raise TwilioMediaError(f"Twilio responded with {status}", service="twilio", status_code=status)
        return stream

    def _next_token(self, token: int, rejected: int) -> int:
        tokens = self._settings.auth_tokens
        if rejected >= len(tokens):
            raise TwilioMediaError(
                "Twilio rejected every auth token: check that they belong to this account",
                service="twilio",
                status_code=HTTPStatus.UNAUTHORIZED,
            )
        _log.warning("auth token rejected, trying the next one")
        return (token + 1) % len(tokens)


def _is_retryable(error: BaseException) -> bool:
    # A 404 as well: the media of a message just received may take seconds to appear.
    return isinstance(error, MediaNotFoundError | MediaUnavailableError)


def _parse_seconds(retry_after: str) -> float | None:
    return min(float(retry_after), _YEAR) if retry_after.isascii() and retry_after.isdigit() else None
