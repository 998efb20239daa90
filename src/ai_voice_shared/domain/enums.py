"""Enumerations shared by all services. Each member is the text that is stored and sent."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

__all__ = ["CallFailureReason", "CallStatus", "MemoryType", "UserRole"]


class CallStatus(StrEnum):
    """The status of a phone call, with the values of Twilio's `CallStatus`.

    https://www.twilio.com/docs/voice/api/call-resource#call-status-values

    Examples
    --------
    >>> CallStatus("no-answer").is_final
    True
    """

    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        """Whether no other status follows."""
        return self not in {self.QUEUED, self.INITIATED, self.RINGING, self.IN_PROGRESS}


class CallFailureReason(StrEnum):
    """The reason why a call was not established or was cut off.

    An unknown reason, as from a newer service, is read as `UNKNOWN`, so that reasons can be added.

    Examples
    --------
    >>> CallFailureReason("carrier_pigeon_lost")
    <CallFailureReason.UNKNOWN: 'unknown'>
    """

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    CANCELED = "canceled"
    INVALID_NUMBER = "invalid_number"
    TIMEOUT = "timeout"
    NETWORK_ERROR = "network_error"
    AGENT_ERROR = "agent_error"
    PROVIDER_ERROR = "provider_error"
    LIMIT_REACHED = "limit_reached"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls("unknown") if isinstance(value, str) else None


class UserRole(StrEnum):
    """The roles of users, in descending order: each includes the permissions of the next.

    Examples
    --------
    >>> UserRole.ADMIN.includes(UserRole.MEMBER), UserRole.VIEWER.includes("member")
    (True, False)
    """

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"

    def includes(self, other: UserRole | str) -> bool:
        """Return whether this role has all permissions of the other."""
        order = list(type(self))
        return order.index(self) <= order.index(type(self)(other))


class MemoryType(StrEnum):
    """The kinds of memory that the assistant stores about a person between calls."""

    FACT = "fact"
    PREFERENCE = "preference"
    INSTRUCTION = "instruction"
    CONTACT = "contact"
    SUMMARY = "summary"
    CONVERSATION = "conversation"
