"""Secrets, a manager, and an environment for the tests of auth."""

from __future__ import annotations

import pytest

from ai_voice_shared.auth import TokenManager, token_functions
from ai_voice_shared.settings import SecuritySettings

SECRET = "current-0123456789-abcdefghijklmnop"
OTHER = "previous-0123456789-abcdefghijklmno"


@pytest.fixture
def settings() -> SecuritySettings:
    """Make settings with one secret and no leeway."""
    return SecuritySettings(jwt_secrets=[SECRET], jwt_leeway=0)


@pytest.fixture
def tokens(settings: SecuritySettings) -> TokenManager:
    """Make a manager by those settings."""
    return TokenManager(settings)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set the secret in the environment, and forget the process's manager."""
    monkeypatch.setenv("JWT_SECRET_KEY", SECRET)
    monkeypatch.setattr(token_functions, "_kept", {})
    return monkeypatch
