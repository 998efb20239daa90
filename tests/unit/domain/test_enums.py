"""The words of the business."""

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


def test_call_status_has_twilio_s_words() -> None:
    """What a status callback says is a member as it stands."""
    words = ["queued", "initiated", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"]
    assert [CallStatus(word).value for word in words] == words
    assert [status.value for status in CallStatus if status.is_final] == words[4:]


def test_an_unknown_reason_is_unknown() -> None:
    """A newer service may say what this release has no word for; a number is a mistake."""
    assert CallFailureReason("new_reason") is CallFailureReason.UNKNOWN
    with pytest.raises(ValueError, match="7"):
        CallFailureReason(7)  # type: ignore[arg-type]


def test_roles_include_those_below() -> None:
    """Each role may all that the ones after it may."""
    roles = list(UserRole)
    for index, role in enumerate(roles):
        assert [role.includes(other) for other in roles] == [False] * index + [True] * (len(roles) - index)
    with pytest.raises(ValueError, match="emperor"):
        UserRole.OWNER.includes("emperor")
