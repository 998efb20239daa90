"""The documented calls, with their import path changed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.events.conftest import Bus

pytestmark = pytest.mark.unit


def test_the_import_lines() -> None:
    """Each documented name is importable from its documented module, and both places export the same object."""
    from ai_voice_shared import domain, events
    from ai_voice_shared.auth import InternalAuthManager, PublicAuthManager
    from ai_voice_shared.domain.enums import CallFailureReason, CallStatus
    from ai_voice_shared.domain.events import CallCompletedEvent
    from ai_voice_shared.events import EventPublisher, EventType, create_subject_created_event

    assert callable(create_subject_created_event)
    assert EventType is domain.EventType
    assert CallCompletedEvent is events.CallCompletedEvent
    assert (CallStatus.COMPLETED.value, CallFailureReason.BUSY.value) == ("completed", "busy")
    assert all(callable(cls) for cls in (EventPublisher, InternalAuthManager, PublicAuthManager))


def test_importing_the_names_loads_nothing_heavy() -> None:
    """Publisher, consumer and managers load pydantic, boto3 and PyJWT on first use, not on creation."""
    script = """
import sys
from ai_voice_shared import EventPublisher, InternalAuthManager, PublicAuthManager, parse_event
from ai_voice_shared.events import AsyncEventPublisher
EventPublisher(), AsyncEventPublisher(), InternalAuthManager(), PublicAuthManager()
heavy = {"aws_lambda_powertools", "boto3", "botocore", "cachetools", "httpx", "jwt", "pwdlib", "pydantic"}
print(sorted(heavy & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.anyio
async def test_the_call_of_the_publisher(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The documented call creates and publishes an event with the settings of the environment."""
    from ai_voice_shared.events import AsyncEventPublisher, EventType, create_subject_created_event

    monkeypatch.setenv("EVENTS_BUS_NAME", bus.name)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "subjects")
    event_publisher = AsyncEventPublisher()

    event = create_subject_created_event(
        subject_id="123",
        subject_data={"name": "Math"},
        correlation_id="abc-123",
    )
    await event_publisher.publish(event, soft_fail=True)

    (delivered,) = bus.delivered()
    assert delivered["detail-type"] == EventType.SUBJECT_CREATED
    assert delivered["detail"]["correlation_id"] == "abc-123"
    assert delivered["detail"]["data"] == {"subject_id": "123", "subject_data": {"name": "Math"}}
