"""Secrets, a token manager and an environment for the auth tests."""

from __future__ import annotations

import pytest

from ai_voice_shared.auth import TokenManager, default_tokens
from ai_voice_shared.settings import SecuritySettings

SECRET = "current-0123456789-abcdefghijklmnop"
OTHER = "previous-0123456789-abcdefghijklmno"


@pytest.fixture
def settings() -> SecuritySettings:
    """Create settings with one secret and no leeway."""
    return SecuritySettings(jwt_secrets=[SECRET], jwt_leeway=0)


@pytest.fixture
def tokens(settings: SecuritySettings) -> TokenManager:
    """Create a token manager with the settings."""
    return TokenManager(settings)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set the secret in the environment, and clear the cached manager."""
    monkeypatch.setenv("JWT_SECRET_KEY", SECRET)
    monkeypatch.setattr(default_tokens, "_cache", {})
    return monkeypatch
