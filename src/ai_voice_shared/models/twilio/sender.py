"""The sender of a message: a phone number, a business-scoped id, or both."""

from __future__ import annotations

import re

__all__ = ["Sender"]

_NUMBER = re.compile(r"\+?[0-9]{3,15}")


class Sender:
    """The address that a message came from.

    A WhatsApp user may hide the phone number; `From` then holds a business-scoped id such as
    `whatsapp:US.1234ABC`, which must never be parsed as a number.

    Parameters
    ----------
    address
        Twilio's `From`, with its channel (`"whatsapp:+61400000001"`, `"+61400000001"` for SMS).
    external_user_id
        Twilio's `ExternalUserId`, with or without its channel.

    Attributes
    ----------
    address : str
        The given address.
    channel : str
        `"whatsapp"`, `"messenger"`, ... or `"sms"`.
    phone_number : str | None
        In E.164 for WhatsApp; for SMS it may be a short code.
    external_user_id : str | None
        The business-scoped id, without the channel.

    Examples
    --------
    >>> sender = Sender("whatsapp:+61400000001")
    >>> sender.channel, sender.phone_number, sender.external_user_id
    ('whatsapp', '+61400000001', None)
    >>> Sender("whatsapp:US.1234ABC").external_user_id
    'US.1234ABC'
    >>> sender
    Sender(whatsapp, by phone number)
    """

    # A plain class: defining a dataclass adds a third of a millisecond to a cold start.
    __slots__ = ("address", "channel", "external_user_id", "phone_number")

    address: str
    channel: str
    external_user_id: str | None
    phone_number: str | None

    def __init__(self, address: str, external_user_id: str | None = None) -> None:
        channel, colon, identifier = address.partition(":")
        if not colon:
            channel, identifier = "sms", address
        is_number = _NUMBER.fullmatch(identifier) is not None
        external = _strip_channel(external_user_id) if external_user_id else None
        set_attribute = object.__setattr__
        set_attribute(self, "address", address)
        set_attribute(self, "channel", channel)
        set_attribute(self, "phone_number", identifier if is_number else None)
        set_attribute(self, "external_user_id", external or (None if is_number else identifier or None))

    @property
    def lookup(self) -> dict[str, str]:
        """The keyword arguments of a customer lookup: the phone number where there is one, else the id.

        Examples
        --------
        >>> Sender("whatsapp:US.1234ABC").lookup
        {'external_user_id': 'US.1234ABC'}
        """
        if self.phone_number is not None:
            return {"phone_number": self.phone_number}
        return {"external_user_id": self.external_user_id} if self.external_user_id is not None else {}

    def __setattr__(self, name: str, value: object) -> None:
        msg = f"Sender is frozen: {name} cannot be set"
        raise AttributeError(msg)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sender) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __reduce__(self) -> tuple[type[Sender], tuple[str, str | None]]:
        return Sender, self._identity()

    def __repr__(self) -> str:
        return f"Sender({self.channel}, by {'phone number' if self.phone_number else 'external user id'})"

    def _identity(self) -> tuple[str, str | None]:
        return self.address, self.external_user_id


def _strip_channel(address: str) -> str:
    return address.rpartition(":")[2]
