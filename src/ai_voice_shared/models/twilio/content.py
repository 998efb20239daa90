"""The parts of a message that are more than text and files. Made only where a message has them."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Button", "FlowReply", "ListReply", "Location", "Referral", "RepliedMessage"]


class Location(NamedTuple):
    """A place that the sender shared.

    Parameters
    ----------
    latitude, longitude
        Degrees, WGS 84.
    address, label
        The place's address and name, where it has them.
    """

    latitude: float
    longitude: float
    address: str | None = None
    label: str | None = None

    def __repr__(self) -> str:
        return "Location(...)"


class RepliedMessage(NamedTuple):
    """The message that this one is an answer to.

    Parameters
    ----------
    message_sid
        Its id.
    sender
        Who wrote it, as an address.
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
        What stood on it.
    payload
        The id that it was sent with.
    """

    text: str | None
    payload: str | None = None

    def __repr__(self) -> str:
        return "Button(...)"


class ListReply(NamedTuple):
    """A row of a list that was chosen.

    Parameters
    ----------
    list_id
        The row's id.
    title, description
        What stood in it.
    """

    list_id: str | None
    title: str | None = None
    description: str | None = None

    def __repr__(self) -> str:
        return "ListReply(...)"


class FlowReply(NamedTuple):
    """A WhatsApp Flow that was filled in.

    Parameters
    ----------
    interactive_data, flow_data
        As Twilio sends them: JSON in text.
    """

    interactive_data: str | None
    flow_data: str | None = None

    @property
    def data(self) -> Any:
        """The answers, parsed; raises ValueError where they are no JSON.

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
        Its text.
    media_id, media_content_type, media_url, num_media
        Its picture or video.
    ctwa_clid
        Meta's id of the click.
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
