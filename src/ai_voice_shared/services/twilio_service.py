"""Twilio, as a webhook handler needs it: is it Twilio who asks, what does it say, and the files that it points to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ai_voice_shared._once import locked_cached_property
from ai_voice_shared.errors import InvalidPayloadError, InvalidSignatureError
from ai_voice_shared.security.twilio_signature import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    body_hash_matches,
    is_signed,
    signature_algorithm,
)
from ai_voice_shared.services.twilio.fetching import MediaUpload, TwilioFetching
from ai_voice_shared.utils.http_events import FORM_CONTENT_TYPE, HttpEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ai_voice_shared.models.twilio.message import TwilioWebhookPayload
    from ai_voice_shared.models.twilio.status import TwilioStatusCallback

__all__ = ["MediaUpload", "TwilioService"]


class TwilioService(TwilioFetching):
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
    >>> from ai_voice_shared import build_key
    >>> from ai_voice_shared.testing.s3 import InMemoryS3Service
    >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
    >>> webhooks, s3 = TwilioWebhooks(), InMemoryS3Service()
    >>> twilio, event = webhooks.service, webhooks.voice_note()  # in a function: TwilioService()
    >>> message = twilio.receive_message(event)
    >>> for note in message.audio:
    ...     key = build_key("voice-notes", message.message_sid, note.sid, suffix=note.extension)
    ...     _ = twilio.store_media(note, key, s3.upload_stream)
    >>> [one.content_type for one in map(s3.head_object, (one.key for one in s3.iter_objects("voice-notes/")))]
    ['audio/ogg']
    """

    _keys: tuple[list[bytes], list[bytes]] | None = None

    def __repr__(self) -> str:
        return "TwilioService()"

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

        Examples
        --------
        >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
        >>> webhooks = TwilioWebhooks()
        >>> message = webhooks.service.receive_message(webhooks.message(Body="hello", From="whatsapp:US.1234ABC"))
        >>> message.body, message.sender.lookup
        ('hello', {'external_user_id': 'US.1234ABC'})
        """
        payload = self._message_model.from_event(self.verify(event))
        self._check_account(payload.account_sid)
        return payload

    def receive_status(self, event: Mapping[str, Any] | HttpEvent) -> TwilioStatusCallback:
        """Check and read a status callback; raises as `receive_message`.

        Examples
        --------
        >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
        >>> webhooks = TwilioWebhooks()
        >>> webhooks.service.receive_status(webhooks.status("delivered")).message_status
        'delivered'
        """
        from ai_voice_shared.models.twilio.status import TwilioStatusCallback

        callback = TwilioStatusCallback.from_event(self.verify(event))
        self._check_account(callback.account_sid)
        return callback

    @locked_cached_property
    def _message_model(self) -> type[TwilioWebhookPayload]:
        from ai_voice_shared.models.twilio.message import TwilioWebhookPayload

        return TwilioWebhookPayload

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


def _with_body_hash(urls: Iterable[str], body: bytes) -> list[str]:
    """Keep the URLs whose `bodySHA256` is the body's: the signature is over the URL alone, the hash is in the URL."""
    matches = {url: body_hash_matches(url, body) for url in urls}
    if all(match is None for match in matches.values()):
        raise InvalidPayloadError("the body is neither a form nor covered by a bodySHA256 in the URL")
    return [url for url, match in matches.items() if match]
