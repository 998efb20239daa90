"""The parts of a message beyond text and media. Created only if a message has them."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Button", "FlowReply", "ListReply", "Location", "Referral", "RepliedMessage"]


class Location(NamedTuple):
    """A location that the sender shared.

    Parameters
    ----------
    latitude, longitude
        Degrees, WGS 84.
    address, label
        The location's address and name, if any.
    """

    latitude: float
    longitude: float
    address: str | None = None
    label: str | None = None

    def __repr__(self) -> str:
        return "Location(...)"


class RepliedMessage(NamedTuple):
    """The message that this one replies to.

    Parameters
    ----------
    message_sid
        The id of the message.
    sender
        The address of its sender.
    """

    message_sid: str | None
    sender: str | None = None

    def __repr__(self) -> str:
        return f"RepliedMessage({self.message_sid})"


class Button(NamedTuple):
    """A quick reply button that was tapped.

    Parameters
    ----------
    text
        The label of the button.
    payload
        The payload that the button was sent with.
    """

    text: str | None
    payload: str | None = None

    def __repr__(self) -> str:
        return "Button(...)"


class ListReply(NamedTuple):
    """The selected row of a list.

    Parameters
    ----------
    list_id
        The row's id.
    title, description
        The row's text.
    """

    list_id: str | None
    title: str | None = None
    description: str | None = None

    def __repr__(self) -> str:
        return "ListReply(...)"


class FlowReply(NamedTuple):
    """A completed WhatsApp Flow.

    Parameters
    ----------
    interactive_data, flow_data
        JSON text, as sent by Twilio.
    """

    interactive_data: str | None
    flow_data: str | None = None

    @property
    def data(self) -> Any:
        """The responses, parsed; raises ValueError where they are not valid JSON.

        Examples
        --------
        >>> FlowReply('{"size": "large"}').data
        {'size': 'large'}
        """
        import json

        return json.loads(self.flow_data or self.interactive_data or "null")

    def __repr__(self) -> str:
        return "FlowReply(...)"


class Referral(NamedTuple):
    """The advertisement that the sender came from (click to WhatsApp).

    Parameters
    ----------
    source_id, source_type, source_url
        The advertisement or post.
    headline, body
        The text of the advertisement.
    media_id, media_content_type, media_url, num_media
        The image or video of the advertisement.
    ctwa_clid
        Meta's click id.
    """

    source_id: str | None = None
    source_type: str | None = None
    source_url: str | None = None
    headline: str | None = None
    body: str | None = None
    media_id: str | None = None
    media_content_type: str | None = None
    media_url: str | None = None
    num_media: int = 0
    ctwa_clid: str | None = None

    def __repr__(self) -> str:
        return f"Referral({self.source_type})"
