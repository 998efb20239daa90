"""The enumerations of the domain."""

from __future__ import annotations

import pytest

from ai_voice_shared.domain.enums import CallFailureReason, CallStatus, MemoryType, UserRole

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("enum", [CallFailureReason, CallStatus, MemoryType, UserRole])
def test_members_are_their_text(enum: type[CallStatus]) -> None:
    """A member is stored, sent and compared as its value."""
    for member in enum:
        assert enum(str(member)) is member
        assert member == member.value == f"{member}"


def test_call_status_has_twilio_s_values() -> None:
    """Every value of Twilio's status callback is a member of the enumeration."""
    values = ["queued", "initiated", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"]
    assert [CallStatus(value).value for value in values] == values
    assert [status.value for status in CallStatus if status.is_final] == values[4:]


def test_an_unknown_reason_is_unknown() -> None:
    """An unrecognized failure reason is read as unknown; a value that is not text raises an error."""
    assert CallFailureReason("new_reason") is CallFailureReason.UNKNOWN
    with pytest.raises(ValueError, match="7"):
        CallFailureReason(7)  # type: ignore[arg-type]


def test_roles_include_those_below() -> None:
    """A role includes itself and every role below it."""
    roles = list(UserRole)
    for index, role in enumerate(roles):
        assert [role.includes(other) for other in roles] == [False] * index + [True] * (len(roles) - index)
    with pytest.raises(ValueError, match="emperor"):
        UserRole.OWNER.includes("emperor")
