"""The words that all services use for the same thing. Each member is the text that is stored and sent."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

__all__ = ["CallFailureReason", "CallStatus", "MemoryType", "UserRole"]


class CallStatus(StrEnum):
    """Where a phone call stands, in the words of Twilio's `CallStatus`.

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
        """Whether nothing follows."""
        return self not in {self.QUEUED, self.INITIATED, self.RINGING, self.IN_PROGRESS}


class CallFailureReason(StrEnum):
    """Why a call did not come about or broke off.

    A reason that a newer service has made up is read as `UNKNOWN`, so that the list can grow.

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
    """What a user may do, each one all that the next may and more.

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
        """Tell whether this role may do all that the other may."""
        order = list(type(self))
        return order.index(self) <= order.index(type(self)(other))


class MemoryType(StrEnum):
    """What the assistant remembers about somebody between calls."""

    FACT = "fact"
    PREFERENCE = "preference"
    INSTRUCTION = "instruction"
    CONTACT = "contact"
    SUMMARY = "summary"
    CONVERSATION = "conversation"
