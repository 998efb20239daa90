"""Run each test in an environment without the variables of settings, and clear the caches after it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ai_voice_shared.settings import base, reset_config, secrets
from ai_voice_shared.settings.table import settings_classes

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    variables = {
        variable
        for settings_class in settings_classes()
        for name in settings_class.model_fields
        for variable in settings_class.variables(name)
    }
    for variable in variables.intersection(os.environ):
        monkeypatch.delenv(variable)
    monkeypatch.setattr(base, "_warned", set())
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    reset_config()
    secrets.clear_secrets()
    yield
    reset_config()
    secrets.clear_secrets()
