"""Twilio, as a webhook handler needs it: is it Twilio who asks, what does it say, and the files that it points to."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ai_voice_shared.errors import (
    DeadlineExceededError,
    InvalidPayloadError,
    InvalidSignatureError,
    MediaTypeError,
)
from ai_voice_shared.observability.tracing import get_tracer
from ai_voice_shared.resilience.deadline import current_deadline
from ai_voice_shared.security.twilio_signature import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    body_hash_matches,
    is_signed,
    signature_algorithm,
)
from ai_voice_shared.utils.http_events import FORM_CONTENT_TYPE, HttpEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ai_voice_shared.http import HttpClient
    from ai_voice_shared.models.twilio.media import MediaItem
    from ai_voice_shared.models.twilio.message import TwilioWebhookPayload
    from ai_voice_shared.models.twilio.status import TwilioStatusCallback
    from ai_voice_shared.observability.tracing import Tracer
    from ai_voice_shared.services.twilio.media_download import MediaDownload
    from ai_voice_shared.services.twilio.media_stream import MediaStream
    from ai_voice_shared.settings.twilio import TwilioSettings

__all__ = ["MediaUpload", "TwilioService"]

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class MediaUpload(Protocol[T_co]):
    """Where a media item can be streamed to; `S3Service.upload_stream` is one."""

    def __call__(self, key: str, chunks: Iterable[bytes], /, *, content_type: str) -> T_co:
        """Store the chunks under the key, or nothing if they end in an error."""


class TwilioService:
    """One Twilio account: signature checks and media downloads. One serves all threads.

    Parameters
    ----------
    settings
        By default from the environment, on first use.
    http
        By default the process's, on first use.
    tracer
        By default the process's.
    sleep
        How to wait before a retry.

    Examples
    --------
    In a handler::

        twilio = TwilioService()
        payload = twilio.receive_message(event)
        for note in payload.audio:
            key = build_key("voice-notes", payload.message_sid, note.sid, suffix=note.extension)
            twilio.store_media(note, key, s3.upload_stream)
    """

    def __init__(
        self,
        settings: TwilioSettings | None = None,
        *,
        http: HttpClient | None = None,
        tracer: Tracer | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._http = http
        self._tracer = tracer
        self._sleep = sleep
        self._lock = threading.Lock()
        self._turns: threading.BoundedSemaphore | None = None
        self._download: MediaDownload | None = None
        self._keys: tuple[list[bytes], list[bytes]] | None = None

    def __repr__(self) -> str:
        return "TwilioService()"

    @property
    def settings(self) -> TwilioSettings:
        """The account."""
        if self._settings is None:
            from ai_voice_shared.settings import TwilioSettings

            self._settings = TwilioSettings()
        return self._settings

    def verify(self, event: Mapping[str, Any] | HttpEvent) -> HttpEvent:
        """Check that Twilio has signed a request.

        Parameters
        ----------
        event
            An event of API Gateway (v1, v2), a function URL or an ALB.

        Returns
        -------
        HttpEvent
            The request, read; `TwilioWebhookPayload.from_event` takes it as well, and nothing is read twice.

        Raises
        ------
        InvalidSignatureError
            There is no signature, or it was made with another token, for another URL or for another body.
        InvalidPayloadError, PayloadTooLargeError
            It cannot be read, or is nothing that Twilio signs.
        """
        request = event if isinstance(event, HttpEvent) else HttpEvent(event)
        signature = request.header(SIGNATURE_HEADER.lower())
        if not signature:
            raise InvalidSignatureError("the request has no signature")
        urls: Iterable[str] = request.urls(self.settings.public_base_url)
        pairs: tuple[tuple[str, str], ...] = ()
        if request.method != "GET":
            if request.content_type == FORM_CONTENT_TYPE:
                pairs = request.form
            elif request.body:
                urls = _with_body_hash(urls, request.body)
        named = request.header(SIGNATURE_SETTINGS_HEADER.lower())
        tokens, shared_keys = self._tokens()
        signed = (
            is_signed(urls, pairs, signature, shared_keys, algorithm=signature_algorithm(named))
            if named
            else is_signed(urls, pairs, signature, tokens)
        )
        if not signed:
            raise InvalidSignatureError("the signature was made with another token, or for another URL or body")
        return request

    def receive_message(self, event: Mapping[str, Any] | HttpEvent) -> TwilioWebhookPayload:
        """Check and read the webhook of an incoming message; raises as `verify` and `from_event`.

        Raises
        ------
        InvalidPayloadError
            Also where the message is of another account.
        """
        from ai_voice_shared.models import TwilioWebhookPayload

        payload = TwilioWebhookPayload.from_event(self.verify(event))
        self._check_account(payload.account_sid)
        return payload

    def receive_status(self, event: Mapping[str, Any] | HttpEvent) -> TwilioStatusCallback:
        """Check and read a status callback; raises as `receive_message`."""
        from ai_voice_shared.models.twilio.status import TwilioStatusCallback

        callback = TwilioStatusCallback.from_event(self.verify(event))
        self._check_account(callback.account_sid)
        return callback

    @contextmanager
    def stream_media(self, item: MediaItem, *, accept: Iterable[str] | None = ("audio/",)) -> Iterator[MediaStream]:
        """Open a media item, for a `with` block.

        Parameters
        ----------
        item
            Of `TwilioWebhookPayload.media`.
        accept
            Types (`"audio/ogg"`) or beginnings of types (`"audio/"`) that will do; None takes anything.

        Raises
        ------
        MediaNotAllowedError
            Its URL is not Twilio's, or not of our account and the item's message. Nothing was asked for.
        MediaTypeError
            It is of another type, or says that it is audio and is not.
        MediaNotFoundError
            It is not there, after the retries that a fresh upload needs.
        MediaTooLargeError
            It has more bytes than `TwilioSettings.max_media_bytes`.
        MediaUnavailableError, DeadlineExceededError
            It cannot be had now.
        """
        if accept is not None and not _accepts(accept, item.content_type):
            raise MediaTypeError("the media is of a type that is not accepted", service="twilio")
        span = (self._tracer or get_tracer()).span("## twilio.media", media_sid=item.sid or "")
        with span, self._ready().open(item) as media:
            yield media

    def iter_media(self, item: MediaItem, *, accept: Iterable[str] | None = ("audio/",)) -> Iterator[bytes]:
        """Give the bytes of a media item as they arrive; raises as `stream_media` and `MediaStream.iter_bytes`."""
        with self.stream_media(item, accept=accept) as media:
            yield from media.iter_bytes()

    def store_media(
        self, item: MediaItem, key: str, upload: MediaUpload[T], *, accept: Iterable[str] | None = ("audio/",)
    ) -> T:
        """Stream a media item into a store, without ever holding it whole.

        What is under way still takes memory, so no more than `TwilioSettings.media_parallel` are stored at the same
        time; the others wait for their turn. Raises as `stream_media` and `upload`.

        Parameters
        ----------
        item, accept
            As in `stream_media`.
        key
            What to store it under.
        upload
            Where to: `S3Service().upload_stream`.

        Returns
        -------
        T
            What `upload` returned.
        """
        with self._turn(), self.stream_media(item, accept=accept) as media:
            return upload(key, media.iter_bytes(), content_type=media.content_type)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        deadline = current_deadline()
        with self._lock:
            if self._turns is None:
                self._turns = threading.BoundedSemaphore(self.settings.media_parallel)
        if not self._turns.acquire(timeout=None if deadline is None else deadline.remaining()):
            raise DeadlineExceededError("no time is left after waiting for other media", service="twilio")
        try:
            yield
        finally:
            self._turns.release()

    def _check_account(self, account_sid: str) -> None:
        if account_sid != self.settings.account_sid:
            raise InvalidPayloadError("the webhook is of another account")

    def _tokens(self) -> tuple[list[bytes], list[bytes]]:
        if self._keys is None:
            settings = self.settings
            self._keys = (
                [token.get_secret_value().encode() for token in settings.auth_tokens],
                [key.get_secret_value().encode() for key in settings.signing_keys],
            )
        return self._keys

    def _ready(self) -> MediaDownload:
        if self._download is None:
            # Only a message with media pays for an HTTP client.
            from ai_voice_shared.http import shared_http_client
            from ai_voice_shared.services.twilio.media_download import MediaDownload

            # Two threads may both make one; either does.
            self._download = MediaDownload(self.settings, self._http or shared_http_client(), sleep=self._sleep)
        return self._download


def _with_body_hash(urls: Iterable[str], body: bytes) -> list[str]:
    """Keep the URLs whose `bodySHA256` is the body's: the signature is over the URL alone, the hash is in the URL."""
    matches = {url: body_hash_matches(url, body) for url in urls}
    if all(match is None for match in matches.values()):
        raise InvalidPayloadError("the body is neither a form nor covered by a bodySHA256 in the URL")
    return [url for url, match in matches.items() if match]


def _accepts(accept: Iterable[str], content_type: str) -> bool:
    return any(content_type.startswith(one) if one.endswith("/") else content_type == one for one in accept)
