"""Events of a voice note."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ai_voice_shared.domain.events.base import DomainEvent, EventData, EventType

__all__ = ["VoiceNoteParsedData", "VoiceNoteParsedEvent", "create_voice_note_parsed_event"]


class VoiceNoteParsedData(EventData):
    """The data of a voice note that was parsed: location, customer and audio format, without its content."""

    bucket: str = Field(min_length=1)
    key: str = Field(min_length=1, description="S3 key of the audio.")
    message_sid: str | None = Field(default=None, description="Twilio's message (SM... or MM...).")
    customer_id: str | None = None
    company_id: str | None = None
    content_type: str | None = Field(default=None, description="Media type of the audio.")
    size_bytes: int | None = Field(default=None, ge=0)
    duration_seconds: float | None = Field(default=None, ge=0)
    result_key: str | None = Field(default=None, description="S3 key of the result, in the same bucket.")


class VoiceNoteParsedEvent(DomainEvent[VoiceNoteParsedData]):
    """`voice_note.parsed`."""

    event_type: Literal[EventType.VOICE_NOTE_PARSED] = EventType.VOICE_NOTE_PARSED


def create_voice_note_parsed_event(
    *,
    bucket: str,
    key: str,
    message_sid: str | None = None,
    customer_id: str | None = None,
    company_id: str | None = None,
    content_type: str | None = None,
    size_bytes: int | None = None,
    duration_seconds: float | None = None,
    result_key: str | None = None,
    correlation_id: str | None = None,
) -> VoiceNoteParsedEvent:
    """Create a `voice_note.parsed` event.

    Examples
    --------
    >>> event = create_voice_note_parsed_event(bucket="notes", key="c1/a.ogg", duration_seconds=2.5)
    >>> event.event_type.value, event.data.duration_seconds
    ('voice_note.parsed', 2.5)
    """
    data = VoiceNoteParsedData(
        bucket=bucket,
        key=key,
        message_sid=message_sid,
        customer_id=customer_id,
        company_id=company_id,
        content_type=content_type,
        size_bytes=size_bytes,
        duration_seconds=duration_seconds,
        result_key=result_key,
    )
    return VoiceNoteParsedEvent(data=data, correlation_id=correlation_id)
