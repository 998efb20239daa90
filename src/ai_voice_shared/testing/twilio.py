"""Signed Twilio webhooks in the format of each event source, and the media that they refer to, for tests."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from ai_voice_shared.testing.twilio_events import ACCOUNT_SID, AUTH_TOKEN, SHAPES, EventShape, twilio_event
from ai_voice_shared.testing.twilio_media import VOICE_NOTE, TwilioMedia

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ai_voice_shared.services.twilio.client import TwilioService

__all__ = [
    "ACCOUNT_SID",
    "AUTH_TOKEN",
    "SHAPES",
    "VOICE_NOTE",
    "EventShape",
    "TwilioMedia",
    "TwilioWebhooks",
    "media_parameters",
    "message_parameters",
    "new_sid",
    "status_parameters",
    "twilio_event",
]


def new_sid(kind: str) -> str:
    """Create a Twilio id: two letters (`MM`, `SM`, `ME`) and 32 hexadecimal digits."""
    return kind + uuid.uuid4().hex


def message_parameters(media: Iterable[tuple[str, str]] = (), /, **parameters: str) -> dict[str, str]:
    """Create the parameters of an incoming WhatsApp message.

    Parameters
    ----------
    media
        URL and content type of each file; see `media_parameters`.
    **parameters
        Additional or different parameters, by Twilio's names (`From="whatsapp:US.1234ABC"`).

    Examples
    --------
    >>> sorted(message_parameters(Body="hello").items())[:3]
    [('AccountSid', 'AC0123...'), ('ApiVersion', '2010-04-01'), ('Body', 'hello')]
    """
    files = list(media)
    message_sid = parameters.get("MessageSid") or new_sid("MM" if files else "SM")
    created = {
        "SmsMessageSid": message_sid,
        "NumMedia": str(len(files)),
        "ProfileName": "Alex",
        "MessageType": "audio" if files else "text",
        "SmsSid": message_sid,
        "WaId": "61400000001",
        "SmsStatus": "received",
        "Body": "",
        "To": "whatsapp:+61400000000",
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": message_sid,
        "AccountSid": ACCOUNT_SID,
        "From": "whatsapp:+61400000001",
        "ApiVersion": "2010-04-01",
    }
    for number, (url, content_type) in enumerate(files):
        created |= {f"MediaContentType{number}": content_type, f"MediaUrl{number}": url}
    return created | parameters


def media_parameters(
    *sids: str, message_sid: str, content_type: str = "audio/ogg", api_base_url: str = "https://api.twilio.com"
) -> list[tuple[str, str]]:
    """Create the URL and the type of each media item, for `message_parameters`."""
    folder = f"{api_base_url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{message_sid}/Media"
    return [(f"{folder}/{sid}", content_type) for sid in sids]


def status_parameters(status: str = "delivered", **parameters: str) -> dict[str, str]:
    """Create the parameters of a status callback; `**parameters` as in `message_parameters`."""
    message_sid = parameters.get("MessageSid") or new_sid("SM")
    created = {
        "ChannelPrefix": "whatsapp",
        "ApiVersion": "2010-04-01",
        "MessageStatus": status,
        "SmsSid": message_sid,
        "SmsStatus": status,
        "ChannelInstallSid": new_sid("XE"),
        "To": "whatsapp:+61400000001",
        "From": "whatsapp:+61400000000",
        "MessageSid": message_sid,
        "AccountSid": ACCOUNT_SID,
    }
    return created | parameters


class TwilioWebhooks:
    """Signed webhooks of one account, and the service that accepts them and downloads their media.

    Attributes
    ----------
    media : TwilioMedia
        The fake that the service downloads from.

    Examples
    --------
    >>> webhooks = TwilioWebhooks()
    >>> webhooks.service.receive_message(webhooks.message(Body="hello")).body
    'hello'
    >>> message = webhooks.service.receive_message(webhooks.voice_note(content=b"OggS and so on"))
    >>> b"".join(webhooks.service.iter_media(message.media[0]))
    b'OggS and so on'
    """

    def __init__(self) -> None:
        self._service: TwilioService | None = None
        self.media = TwilioMedia(ACCOUNT_SID, AUTH_TOKEN)

    @property
    def service(self) -> TwilioService:
        """A `TwilioService` of the account, which downloads from `media` and retries without delay."""
        if self._service is None:
            from ai_voice_shared.services.twilio.client import TwilioService
            from ai_voice_shared.settings.twilio import TwilioSettings

            settings = TwilioSettings(account_sid=ACCOUNT_SID, auth_tokens=(AUTH_TOKEN,))
            http: Any = self.media
            self._service = TwilioService(settings, http=http, sleep=lambda _: None)
        return self._service

    def message(self, *, shape: EventShape = "function_url", **parameters: str) -> dict[str, Any]:
        """Create the event of a text message; `**parameters` as in `message_parameters`."""
        return twilio_event(message_parameters(**parameters), shape=shape)

    def voice_note(
        self,
        *,
        shape: EventShape = "function_url",
        content: bytes = VOICE_NOTE,
        content_type: str = "audio/ogg",
        **parameters: str,
    ) -> dict[str, Any]:
        """Create the event of a voice note, and add its bytes to `media`."""
        message_sid, media_sid = parameters.setdefault("MessageSid", new_sid("MM")), new_sid("ME")
        self.media.files[media_sid] = content
        media = media_parameters(media_sid, message_sid=message_sid, content_type=content_type)
        return twilio_event(message_parameters(media, **parameters), shape=shape)

    def status(
        self, status: str = "delivered", *, shape: EventShape = "function_url", **parameters: str
    ) -> dict[str, Any]:
        """Create the event of a status callback."""
        return twilio_event(status_parameters(status, **parameters), shape=shape)

    def forged(self, **parameters: str) -> dict[str, Any]:
        """Create the event of a message that Twilio did not sign."""
        return twilio_event(message_parameters(**parameters), token="the-token-of-another-account")  # noqa: S106 - a fake
