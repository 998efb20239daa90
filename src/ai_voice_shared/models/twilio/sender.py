"""Who wrote: a phone number, an id that only this business knows them by, or both."""

from __future__ import annotations

import re

__all__ = ["Sender"]

_NUMBER = re.compile(r"\+?[0-9]{3,15}")


class Sender:
    """The address that a message came from.

    A WhatsApp user may hide the phone number; `From` then holds a business-scoped id such as
    `whatsapp:US.1234ABC`, which is never to be read as a number.

    Parameters
    ----------
    address
        Twilio's `From`, with its channel (`"whatsapp:+61400000001"`, `"+61400000001"` for SMS).
    external_user_id
        Twilio's `ExternalUserId`, with or without its channel.

    Attributes
    ----------
    address : str
        As given.
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

    # A plain class: building a dataclass costs a cold start a third of a millisecond.
    __slots__ = ("address", "channel", "external_user_id", "phone_number")

    address: str
    channel: str
    external_user_id: str | None
    phone_number: str | None

    def __init__(self, address: str, external_user_id: str | None = None) -> None:
        channel, colon, bare = address.partition(":")
        if not colon:
            channel, bare = "sms", address
        is_number = _NUMBER.fullmatch(bare) is not None
        external = _bare(external_user_id) if external_user_id else None
        put = object.__setattr__
        put(self, "address", address)
        put(self, "channel", channel)
        put(self, "phone_number", bare if is_number else None)
        put(self, "external_user_id", external or (None if is_number else bare or None))

    @property
    def lookup(self) -> dict[str, str]:
        """What to look the customer up by, as keyword arguments: the number where there is one, else the id.

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


def _bare(address: str) -> str:
    return address.rpartition(":")[2]
