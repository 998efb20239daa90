"""An incoming message of Twilio's webhook."""

# Without `from __future__ import annotations`: pydantic compiles annotations that are strings, one by one, at every
# cold start.

from typing import TYPE_CHECKING, Any

from pydantic import Field

from ai_voice_shared.errors import InvalidPayloadError
from ai_voice_shared.models.twilio.media import MediaItem
from ai_voice_shared.models.twilio.parameters import TwilioParameters
from ai_voice_shared.models.twilio.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ai_voice_shared.models.twilio.content import (
        Button,
        FlowReply,
        ListReply,
        Location,
        Referral,
        RepliedMessage,
    )

__all__ = ["TwilioWebhookPayload"]


class TwilioWebhookPayload(TwilioParameters):
    """An incoming WhatsApp, SMS or MMS message.

    Attributes have Twilio's names in snake_case: https://www.twilio.com/docs/messaging/guides/webhook-request. Related
    parameters are also available as one value: `sender`, `media`, `location`, `replied_message`, `button`,
    `list_reply`, `flow`, `referral`.

    Examples
    --------
    >>> payload = TwilioWebhookPayload.from_pairs(
    ...     {
    ...         "MessageSid": "MM" + 32 * "0",
    ...         "AccountSid": "AC" + 32 * "0",
    ...         "From": "whatsapp:+61400000001",
    ...         "To": "whatsapp:+61400000000",
    ...         "NumMedia": "0",
    ...         "Body": "hello",
    ...         "SomethingNew": "1",
    ...     }
    ... )
    >>> payload.body, payload.sender.phone_number, payload.media, payload.extra
    ('hello', '+61400000001', (), {'SomethingNew': '1'})
    >>> payload
    TwilioWebhookPayload(message_sid='MM000...', account_sid='AC000...', message_type=None, num_media=0)
    """

    message_sid: str = Field(pattern=r"^(SM|MM)[0-9a-fA-F]{32}$")
    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$")
    from_: str = Field(alias="From", max_length=256)
    to: str | None = None
    body: str = ""
    num_media: int = Field(default=0, ge=0)
    num_segments: int | None = None
    # Twilio adds types without notice: text, audio, image, video, document, location, contacts, button, ...
    message_type: str | None = None
    messaging_service_sid: str | None = None
    sms_sid: str | None = None
    sms_message_sid: str | None = None
    sms_status: str | None = None
    api_version: str | None = None

    # WhatsApp and other channels
    profile_name: str | None = None
    wa_id: str | None = None
    external_user_id: str | None = None
    channel_metadata: str | None = None
    channel_to_address: str | None = None
    forwarded: bool = False
    frequently_forwarded: bool = False

    # A shared location
    latitude: float | None = None
    longitude: float | None = None
    address: str | None = None
    label: str | None = None

    # Replies
    original_replied_message_sid: str | None = None
    original_replied_message_sender: str | None = None
    button_text: str | None = None
    button_payload: str | None = None
    list_id: str | None = None
    list_title: str | None = None
    list_description: str | None = None
    interactive_data: str | None = None
    flow_data: str | None = None

    # Click to WhatsApp
    referral_body: str | None = None
    referral_headline: str | None = None
    referral_source_id: str | None = None
    referral_source_type: str | None = None
    referral_source_url: str | None = None
    referral_media_id: str | None = None
    referral_media_content_type: str | None = None
    referral_media_url: str | None = None
    referral_num_media: int = 0
    referral_ctwa_clid: str | None = None

    # Where SMS numbers are registered
    from_city: str | None = None
    from_state: str | None = None
    from_zip: str | None = None
    from_country: str | None = None
    to_city: str | None = None
    to_state: str | None = None
    to_zip: str | None = None
    to_country: str | None = None

    @property
    def sender(self) -> Sender:
        """The sender."""
        return Sender(self.from_, self.external_user_id)

    @property
    def media(self) -> tuple[MediaItem, ...]:
        """The media items of the message, in order.

        Raises
        ------
        InvalidPayloadError
            `NumMedia` exceeds the number of URLs. `from_event` and `from_pairs` have checked that already.
        """
        if not self.num_media:
            return ()
        extra: dict[str, Any] = self.model_extra or {}
        if f"MediaUrl{self.num_media - 1}" not in extra or self.num_media > len(extra):
            raise InvalidPayloadError("NumMedia exceeds the number of media URLs")
        try:
            return tuple(
                MediaItem(
                    extra[f"MediaUrl{number}"],
                    extra.get(f"MediaContentType{number}", ""),
                    number,
                    self.account_sid,
                    self.message_sid,
                )
                for number in range(self.num_media)
            )
        except KeyError:
            raise InvalidPayloadError("NumMedia exceeds the number of media URLs") from None

    @property
    def audio(self) -> tuple[MediaItem, ...]:
        """The media items whose declared type is audio."""
        return tuple(item for item in self.media if item.is_audio)

    @property
    def location(self) -> "Location | None":
        """The shared location."""
        if self.latitude is None or self.longitude is None:
            return None
        from ai_voice_shared.models.twilio.content import Location

        return Location(self.latitude, self.longitude, self.address, self.label)

    @property
    def replied_message(self) -> "RepliedMessage | None":
        """The message that this one replies to."""
        if self.original_replied_message_sid is None and self.original_replied_message_sender is None:
            return None
        from ai_voice_shared.models.twilio.content import RepliedMessage

        return RepliedMessage(self.original_replied_message_sid, self.original_replied_message_sender)

    @property
    def button(self) -> "Button | None":
        """The quick reply button that was tapped."""
        if self.button_text is None and self.button_payload is None:
            return None
        from ai_voice_shared.models.twilio.content import Button

        return Button(self.button_text, self.button_payload)

    @property
    def list_reply(self) -> "ListReply | None":
        """The selected row of a list."""
        if self.list_id is None and self.list_title is None:
            return None
        from ai_voice_shared.models.twilio.content import ListReply

        return ListReply(self.list_id, self.list_title, self.list_description)

    @property
    def flow(self) -> "FlowReply | None":
        """The completed WhatsApp Flow."""
        if self.interactive_data is None and self.flow_data is None:
            return None
        from ai_voice_shared.models.twilio.content import FlowReply

        return FlowReply(self.interactive_data, self.flow_data)

    @property
    def referral(self) -> "Referral | None":
        """The advertisement that the sender came from."""
        if self.referral_source_id is None and self.referral_source_url is None and self.referral_ctwa_clid is None:
            return None
        from ai_voice_shared.models.twilio.content import Referral

        return Referral(
            source_id=self.referral_source_id,
            source_type=self.referral_source_type,
            source_url=self.referral_source_url,
            headline=self.referral_headline,
            body=self.referral_body,
            media_id=self.referral_media_id,
            media_content_type=self.referral_media_content_type,
            media_url=self.referral_media_url,
            num_media=self.referral_num_media,
            ctwa_clid=self.referral_ctwa_clid,
        )

    @property
    def idempotency_key(self) -> str:
        """The idempotency key: the same for every delivery of the message."""
        return f"{self.account_sid}:{self.message_sid}"

    def _check(self) -> None:
        _ = self.media

    def _is_known(self, name: str) -> bool:
        stem = name.rstrip("0123456789")
        return stem in {"MediaUrl", "MediaContentType"} and stem != name

    def __repr_args__(self) -> "Iterator[tuple[str | None, Any]]":
        yield from super().__repr_args__()
        yield "message_type", self.message_type
        yield "num_media", self.num_media
