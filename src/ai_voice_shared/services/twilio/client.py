"""Twilio for webhook handlers: signature checks, parsed requests, and downloads of their media."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ai_voice_shared._once import locked_cached_property
from ai_voice_shared.errors import DeadlineExceededError, InvalidPayloadError, InvalidSignatureError, MediaTypeError
from ai_voice_shared.observability.tracing import get_tracer
from ai_voice_shared.security.twilio_signature import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    body_hash_matches,
    is_signed,
    signature_algorithm,
)
from ai_voice_shared.utils.deadline import current_deadline
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
    """A function that a media item can be streamed to, such as `S3Service.upload_stream`."""

    def __call__(self, key: str, chunks: Iterable[bytes], /, *, content_type: str) -> T_co:
        """Store the chunks under the key, or nothing if the iterator raises."""


class TwilioService:
    """One Twilio account: signature checks and media downloads. One instance serves all threads.

    Parameters
    ----------
    settings
        By default from the environment, on first use.
    http
        By default the client of the process, on first use.
    tracer
        By default the one of the process.
    sleep
        Waits before a retry.

    Examples
    --------
    >>> from ai_voice_shared import build_key
    >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
    >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
    >>> webhooks, s3 = TwilioWebhooks(), InMemoryS3Service()
    >>> twilio, event = webhooks.service, webhooks.voice_note()  # in a function: TwilioService()
    >>> message = twilio.receive_message(event)
    >>> for note in message.audio:
    ...     key = build_key("voice-notes", message.message_sid, note.sid, suffix=note.extension)
    ...     _ = twilio.store_media(note, key, s3.upload_stream)
    >>> [s3.head_object(item.key).content_type for item in s3.iter_objects("voice-notes/")]
    ['audio/ogg']
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

    def __repr__(self) -> str:
        return "TwilioService()"

    @locked_cached_property
    def settings(self) -> TwilioSettings:
        """The settings of the account."""
        from ai_voice_shared.settings.twilio import TwilioSettings

        return self._settings or TwilioSettings()

    def verify(self, event: Mapping[str, Any] | HttpEvent) -> HttpEvent:
        """Verify that Twilio signed a request.

        Parameters
        ----------
        event
            An event of API Gateway (v1, v2), a function URL or an ALB.

        Returns
        -------
        HttpEvent
            The parsed request, which `TwilioWebhookPayload.from_event` accepts, so that it is parsed once.

        Raises
        ------
        InvalidSignatureError
            There is no signature, or it was made with another token, for another URL or for another body.
        InvalidPayloadError, PayloadTooLargeError
            The request cannot be parsed, or is of a kind that Twilio does not sign.

        Examples
        --------
        >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
        >>> webhooks = TwilioWebhooks()
        >>> webhooks.service.verify(webhooks.message(Body="hello")).method
        'POST'
        >>> webhooks.service.verify(webhooks.forged(Body="hello"))
        Traceback (most recent call last):
            ...
        ai_voice_shared.errors.requests.InvalidSignatureError: the signature was made with another token, ...
        """
        request = event if isinstance(event, HttpEvent) else HttpEvent(event)
        signature = request.header(SIGNATURE_HEADER.lower())
        if not signature:
            raise InvalidSignatureError("the request has no signature")
        urls = list(request.urls(self.settings.public_base_url))
        pairs: tuple[tuple[str, str], ...] = ()
        if request.method != "GET":
            if request.content_type == FORM_CONTENT_TYPE:
                pairs = request.form
            elif request.body:
                urls = _filter_by_body_hash(urls, request.body)
        tokens, shared_keys = self._secrets
        # With this header the request is signed with a shared key instead of a token.
        signature_settings = request.header(SIGNATURE_SETTINGS_HEADER.lower())
        signed = (
            is_signed(urls, pairs, signature, shared_keys, algorithm=signature_algorithm(signature_settings))
            if signature_settings
            else is_signed(urls, pairs, signature, tokens)
        )
        if not signed:
            raise InvalidSignatureError("the signature was made with another token, or for another URL or body")
        return request

    def receive_message(self, event: Mapping[str, Any] | HttpEvent) -> TwilioWebhookPayload:
        """Verify and parse the webhook of an incoming message; raise as `verify` and `from_event`.

        Raises
        ------
        InvalidPayloadError
            The message may also belong to another account.

        Examples
        --------
        >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
        >>> webhooks = TwilioWebhooks()
        >>> message = webhooks.service.receive_message(webhooks.message(Body="hello", From="whatsapp:US.1234ABC"))
        >>> message.body, message.sender.lookup
        ('hello', {'external_user_id': 'US.1234ABC'})
        """
        payload = self._message_model.from_event(self.verify(event))
        if payload.account_sid != self.settings.account_sid:
            raise _other_account_error()
        return payload

    def receive_status(self, event: Mapping[str, Any] | HttpEvent) -> TwilioStatusCallback:
        """Verify and parse a status callback; raise as `receive_message`.

        Examples
        --------
        >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
        >>> webhooks = TwilioWebhooks()
        >>> webhooks.service.receive_status(webhooks.status("delivered")).message_status
        'delivered'
        """
        from ai_voice_shared.models.twilio.status import TwilioStatusCallback

        callback = TwilioStatusCallback.from_event(self.verify(event))
        if callback.account_sid != self.settings.account_sid:
            raise _other_account_error()
        return callback

    @contextmanager
    def stream_media(self, item: MediaItem, *, accept: Iterable[str] | None = ("audio/",)) -> Iterator[MediaStream]:
        """Open a media item in a `with` block.

        Parameters
        ----------
        item
            An item of `TwilioWebhookPayload.media`.
        accept
            Accepted types (`"audio/ogg"`) or prefixes of types (`"audio/"`); None accepts any.

        Raises
        ------
        MediaNotAllowedError
            The URL is not Twilio's, or not of the account and the item's message. Nothing was requested.
        MediaTypeError
            The type is not accepted, or the media is declared as audio and is not.
        MediaNotFoundError
            Twilio does not have the media, even after the retries for a recent upload.
        MediaTooLargeError
            The media is larger than `TwilioSettings.max_media_bytes`.
        MediaUnavailableError, DeadlineExceededError
            The media is temporarily unavailable.

        Examples
        --------
        >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
        >>> webhooks = TwilioWebhooks()
        >>> message = webhooks.service.receive_message(webhooks.voice_note(content=b"OggS..."))
        >>> with webhooks.service.stream_media(message.audio[0]) as media:
        ...     media.content_type, media.content_length, b"".join(media.iter_bytes())
        ('audio/ogg', 7, b'OggS...')
        """
        if accept is not None and not _is_accepted(item.content_type, accept):
            raise MediaTypeError("the media is of a type that is not accepted", service="twilio")
        span = (self._tracer or get_tracer()).span("## twilio.media", media_sid=item.sid or "")
        with span, self._media_download.open(item) as media:
            yield media

    def iter_media(self, item: MediaItem, *, accept: Iterable[str] | None = ("audio/",)) -> Iterator[bytes]:
        """Iterate over the bytes of a media item as they arrive; raise as `stream_media` and `MediaStream.iter_bytes`.

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
        """Stream a media item into a store, without loading it into memory as a whole.

        Each item in progress takes some memory, so at most `TwilioSettings.media_parallel` are stored concurrently;
        others wait. Raises as `stream_media` and `upload`.

        Parameters
        ----------
        item, accept
            As in `stream_media`.
        key
            The key to store it under.
        upload
            The function that stores it: `S3Service().upload_stream`.

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
        deadline = current_deadline()
        if not self._store_slots.acquire(timeout=None if deadline is None else deadline.remaining()):
            raise DeadlineExceededError("deadline exceeded while waiting for other media", service="twilio")
        try:
            with self.stream_media(item, accept=accept) as media:
                return upload(key, media.iter_bytes(), content_type=media.content_type)
        finally:
            self._store_slots.release()

    @locked_cached_property
    def _secrets(self) -> tuple[list[bytes], list[bytes]]:
        settings = self.settings
        return (
            [token.get_secret_value().encode() for token in settings.auth_tokens],
            [key.get_secret_value().encode() for key in settings.signing_keys],
        )

    @locked_cached_property
    def _message_model(self) -> type[TwilioWebhookPayload]:
        from ai_voice_shared.models.twilio.message import TwilioWebhookPayload

        return TwilioWebhookPayload

    @locked_cached_property
    def _store_slots(self) -> threading.BoundedSemaphore:
        return threading.BoundedSemaphore(self.settings.media_parallel)

    @locked_cached_property
    def _media_download(self) -> MediaDownload:
        # Only a message with media needs an HTTP client.
        from ai_voice_shared.http import shared_http_client
        from ai_voice_shared.services.twilio.media_download import MediaDownload

        return MediaDownload(self.settings, self._http or shared_http_client(), sleep=self._sleep)


def _filter_by_body_hash(urls: list[str], body: bytes) -> list[str]:
    """Return the URLs whose `bodySHA256` is the body's: the signature covers the URL, and with it the hash."""
    matches = {url: body_hash_matches(url, body) for url in urls}
    if all(match is None for match in matches.values()):
        raise InvalidPayloadError("the body is neither a form nor covered by a bodySHA256 in the URL")
    return [url for url, match in matches.items() if match]


def _other_account_error() -> InvalidPayloadError:
    return InvalidPayloadError("the webhook belongs to another account")


def _is_accepted(content_type: str, accept: Iterable[str]) -> bool:
    return any(content_type.startswith(item) if item.endswith("/") else content_type == item for item in accept)
