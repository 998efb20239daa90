"""The examples of README.md and docs/clients.md parse, and every name in them exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import ai_voice_shared
from ai_voice_shared.settings import CustomerLookupSettings, S3Settings, TwilioSettings
from ai_voice_shared.settings.idempotency import IdempotencySettings

if TYPE_CHECKING:
    from ai_voice_shared.settings.base import Settings

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CLIENTS = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README + CLIENTS, re.DOTALL)
OBJECTS = {
    "s3": ai_voice_shared.S3Service,
    "lookup": ai_voice_shared.CustomerLookupClient,
    "twilio": ai_voice_shared.TwilioService,
}


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_an_example_uses_existing_names(block: str) -> None:
    """The imports of an example work, and each method that it calls on a client exists."""
    tree = ast.parse(block)
    calls = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            exec(compile(ast.Module([node], []), "README.md", "exec"), {})  # noqa: S102 - a file of this repository
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in OBJECTS:
            assert callable(getattr(OBJECTS[node.value.id], node.attr)), node.attr
            calls += 1
    assert calls > 0


def test_every_variable_is_read_by_a_settings_class() -> None:
    """Each variable of the template and of the table of settings is one that a settings class reads."""
    template = set(re.findall(r"^ +([A-Z][A-Z0-9_]+): ", README, re.MULTILINE)) - {"POWERTOOLS_SERVICE_NAME"}
    table = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", CLIENTS[CLIENTS.index("## Settings") :]))
    assert template
    assert table
    named = template | table
    classes: tuple[type[Settings], ...] = (S3Settings, CustomerLookupSettings, TwilioSettings, IdempotencySettings)
    read = {variable for cls in classes for name in cls.model_fields for variable in cls.variables(name)}
    assert named <= read


def test_the_commands_exist() -> None:
    """Every command that the README names is a command of build.sh."""
    from layer.__main__ import main

    for command in re.findall(r"\./build\.sh (\w+) ", README):
        with pytest.raises(SystemExit) as caught:
            main([command, "--help"])
        assert caught.value.code == 0
