"""The table of all settings is made from the classes, and the file in docs/ is the current one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ai_voice_shared.settings.table import settings_classes, settings_table

pytestmark = pytest.mark.unit

FILE = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_file_is_current() -> None:
    """Whoever changes a setting runs `python -m ai_voice_shared.settings > docs/settings.md`."""
    assert FILE.read_text(encoding="utf-8") == settings_table(), (
        "docs/settings.md is out of date: uv run python -m ai_voice_shared.settings > docs/settings.md"
    )


def test_the_command_prints_the_table() -> None:
    """The command and the function give the same."""
    command = [sys.executable, "-m", "ai_voice_shared.settings"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == settings_table()


def test_every_class_and_every_setting_is_there() -> None:
    """Each class has a heading, each setting a row with its variable."""
    table = settings_table()
    assert len(settings_classes()) >= 17
    for settings_class in settings_classes():
        section = table.partition(f"## {settings_class.__name__}\n")[2].partition("\n## ")[0]
        for name in settings_class.model_fields:
            assert f"| `{name}` | `{settings_class.variables(name)[0]}`" in section


def test_a_secret_is_marked_and_has_no_default() -> None:
    """The one column that says what may not be written down."""
    rows = [line for line in settings_table().splitlines() if "| `secret_key` |" in line]
    assert [row.split(" | ")[4:6] for row in rows] == [["yes", "secret"]]


def test_without_docstrings_the_table_has_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The layer's bytecode has no docstrings: a heading then stands without its sentence."""
    (first, *_) = settings_classes()
    monkeypatch.setattr(first, "__doc__", None)
    section = settings_table().partition(f"## {first.__name__}\n")[2]
    assert section.lstrip().startswith("| setting | variable |")
