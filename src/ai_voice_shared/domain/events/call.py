"""Events of a phone call."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ai_voice_shared.domain.enums import CallFailureReason
from ai_voice_shared.domain.events.base import DomainEvent, EventData, EventType

__all__ = [
    "CallCompletedData",
    "CallCompletedEvent",
    "CallFailedData",
    "CallFailedEvent",
    "CallStartedData",
    "CallStartedEvent",
    "create_call_completed_event",
    "create_call_failed_event",
    "create_call_started_event",
]


class CallStartedData(EventData):
    """The data of a call that started."""

    call_id: str = Field(min_length=1, description="The call's id (CA... for Twilio).")
    customer_id: str | None = None
    company_id: str | None = None
    agent_id: str | None = None


class CallCompletedData(CallStartedData):
    """The data of a call that was completed."""

    duration_seconds: float = Field(ge=0, description="From connection to end.")
    recording_key: str | None = Field(default=None, description="S3 key of the recording.")


class CallFailedData(CallStartedData):
    """The data of a call that was not established or was cut off."""

    reason: CallFailureReason = CallFailureReason.UNKNOWN
    duration_seconds: float = Field(default=0, ge=0, description="From connection to failure; 0 without a connection.")


class CallStartedEvent(DomainEvent[CallStartedData]):
    """`call.started`."""

    event_type: Literal[EventType.CALL_STARTED] = EventType.CALL_STARTED


class CallCompletedEvent(DomainEvent[CallCompletedData]):
    """`call.completed`.

    Examples
    --------
    >>> CallCompletedEvent(data=CallCompletedData(call_id="CA1", duration_seconds=61)).event_type
    <EventType.CALL_COMPLETED: 'call.completed'>
    """

    event_type: Literal[EventType.CALL_COMPLETED] = EventType.CALL_COMPLETED


class CallFailedEvent(DomainEvent[CallFailedData]):
    """`call.failed`."""

    event_type: Literal[EventType.CALL_FAILED] = EventType.CALL_FAILED


def create_call_started_event(
    *,
    call_id: str,
    customer_id: str | None = None,
    company_id: str | None = None,
    agent_id: str | None = None,
    correlation_id: str | None = None,
) -> CallStartedEvent:
    """Create a `call.started` event."""
    data = CallStartedData(call_id=call_id, customer_id=customer_id, company_id=company_id, agent_id=agent_id)
    return CallStartedEvent(data=data, correlation_id=correlation_id)


def create_call_completed_event(
    *,
    call_id: str,
    duration_seconds: float,
    customer_id: str | None = None,
    company_id: str | None = None,
    agent_id: str | None = None,
    recording_key: str | None = None,
    correlation_id: str | None = None,
) -> CallCompletedEvent:
    """Create a `call.completed` event.

    Examples
    --------
    >>> create_call_completed_event(call_id="CA1", duration_seconds=61, correlation_id="abc-123").correlation_id
    'abc-123'
    """
    data = CallCompletedData(
        call_id=call_id,
        duration_seconds=duration_seconds,
        customer_id=customer_id,
        company_id=company_id,
        agent_id=agent_id,
        recording_key=recording_key,
    )
    return CallCompletedEvent(data=data, correlation_id=correlation_id)


def create_call_failed_event(
    *,
    call_id: str,
    reason: CallFailureReason | str = CallFailureReason.UNKNOWN,
    duration_seconds: float = 0,
    customer_id: str | None = None,
    company_id: str | None = None,
    agent_id: str | None = None,
    correlation_id: str | None = None,
) -> CallFailedEvent:
    """Create a `call.failed` event; an unrecognized reason becomes `unknown`."""
    data = CallFailedData(
        call_id=call_id,
        reason=CallFailureReason(reason),
        duration_seconds=duration_seconds,
        customer_id=customer_id,
        company_id=company_id,
        agent_id=agent_id,
    )
    return CallFailedEvent(data=data, correlation_id=correlation_id)
