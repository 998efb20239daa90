"""The media side of `TwilioService`."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from ai_voice_shared.errors import DeadlineExceededError, MediaTypeError
from ai_voice_shared.observability.tracing import get_tracer
from ai_voice_shared.resilience.deadline import current_deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ai_voice_shared.http import HttpClient
    from ai_voice_shared.models.twilio.media import MediaItem
    from ai_voice_shared.observability.tracing import Tracer
    from ai_voice_shared.services.twilio.media_download import MediaDownload
    from ai_voice_shared.services.twilio.media_stream import MediaStream
    from ai_voice_shared.settings import TwilioSettings

__all__ = ["MediaUpload", "TwilioFetching"]

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class MediaUpload(Protocol[T_co]):
    """Where a media item can be streamed to; `S3Service.upload_stream` is one."""

    def __call__(self, key: str, chunks: Iterable[bytes], /, *, content_type: str) -> T_co:
        """Store the chunks under the key, or nothing if they end in an error."""


class TwilioFetching:
    """Holds what the constructor was given, makes the rest on first use, and fetches media."""

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

    @property
    def settings(self) -> TwilioSettings:
        """The account."""
        if self._settings is None:
            from ai_voice_shared.settings import TwilioSettings

            self._settings = TwilioSettings()
        return self._settings

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

        Examples
        --------
        >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
        >>> webhooks = TwilioWebhooks()
        >>> message = webhooks.service.receive_message(webhooks.voice_note(content=b"OggS..."))
        >>> with webhooks.service.stream_media(message.audio[0]) as media:
        ...     media.content_type, media.content_length, b"".join(media.iter_bytes())
        ('audio/ogg', 7, b'OggS...')
        """
        if accept is not None and not _accepts(accept, item.content_type):
            raise MediaTypeError("the media is of a type that is not accepted", service="twilio")
        span = (self._tracer or get_tracer()).span("## twilio.media", media_sid=item.sid or "")
        with span, self._ready().open(item) as media:
            yield media

    def iter_media(self, item: MediaItem, *, accept: Iterable[str] | None = ("audio/",)) -> Iterator[bytes]:
        """Give the bytes of a media item as they arrive; raises as `stream_media` and `MediaStream.iter_bytes`.

        Examples
        --------
        >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
        >>> webhooks = TwilioWebhooks()
        >>> message = webhooks.service.receive_message(webhooks.voice_note(content=b"OggS..."))
        >>> list(webhooks.service.iter_media(message.audio[0]))
        [b'OggS...']
        """
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

        Examples
        --------
        >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
        >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
        >>> webhooks, s3 = TwilioWebhooks(), InMemoryS3Service()
        >>> message = webhooks.service.receive_message(webhooks.voice_note(content=b"OggS..."))
        >>> webhooks.service.store_media(message.audio[0], "notes/a.ogg", s3.upload_stream).size
        7
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

    def _ready(self) -> MediaDownload:
        if self._download is None:
            # Only a message with media pays for an HTTP client.
            from ai_voice_shared.http import shared_http_client
            from ai_voice_shared.services.twilio.media_download import MediaDownload

            # Two threads may both make one; either does.
            self._download = MediaDownload(self.settings, self._http or shared_http_client(), sleep=self._sleep)
        return self._download


def _accepts(accept: Iterable[str], content_type: str) -> bool:
    return any(content_type.startswith(one) if one.endswith("/") else content_type == one for one in accept)
