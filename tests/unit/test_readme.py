"""The README's examples, as far as they go without an account: they parse, and every name in them exists."""

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

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
OBJECTS = {
    "s3": ai_voice_shared.S3Service,
    "lookup": ai_voice_shared.CustomerLookupClient,
    "twilio": ai_voice_shared.TwilioService,
}


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_an_example_uses_what_exists(block: str) -> None:
    """Its imports work, and each method it calls on a client is one."""
    tree = ast.parse(block)
    calls = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            exec(compile(ast.Module([node], []), "README.md", "exec"), {})  # noqa: S102 - our own README
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in OBJECTS:
            assert callable(getattr(OBJECTS[node.value.id], node.attr)), node.attr
            calls += 1
    assert calls > 0


def test_every_variable_of_the_table_is_read_by_a_settings_class() -> None:
    """Nobody sets a variable that nothing reads."""
    table = README[README.index("## Settings") :]
    named = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", table[: table.index("\n## More")]))
    classes: tuple[type[Settings], ...] = (S3Settings, CustomerLookupSettings, TwilioSettings, IdempotencySettings)
    read = {variable for cls in classes for name in cls.model_fields for variable in cls.variables(name)}
    assert named
    assert named <= read


def test_the_commands_exist() -> None:
    """The two commands of the set-up are commands of build.sh."""
    from layer.__main__ import main

    for command in re.findall(r"\./build\.sh (\w+) ", README):
        with pytest.raises(SystemExit) as caught:
            main([command, "--help"])
        assert caught.value.code == 0
