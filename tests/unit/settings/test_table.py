"""The table of all settings is generated from the classes, and docs/settings.md is up to date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ai_voice_shared.settings.table import settings_classes, settings_table

pytestmark = pytest.mark.unit

FILE = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_file_is_current() -> None:
    """docs/settings.md is the output of `python -m ai_voice_shared.settings`."""
    assert FILE.read_text(encoding="utf-8") == settings_table(), (
        "docs/settings.md is out of date: uv run python -m ai_voice_shared.settings > docs/settings.md"
    )


def test_the_command_prints_the_table() -> None:
    """The command prints what the function returns."""
    command = [sys.executable, "-m", "ai_voice_shared.settings"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == settings_table()


def test_the_table_is_complete() -> None:
    """Each class has a heading, and each setting a row with its variable."""
    table = settings_table()
    assert len(settings_classes()) >= 17
    for settings_class in settings_classes():
        section = table.partition(f"## {settings_class.__name__}\n")[2].partition("\n## ")[0]
        for name in settings_class.model_fields:
            assert f"| `{name}` | `{settings_class.variables(name)[0]}`" in section


def test_a_secret_is_marked_and_has_no_default() -> None:
    """The row of a secret is marked as one, and has no default."""
    rows = [line for line in settings_table().splitlines() if "| `secret_key` |" in line]
    assert [row.split(" | ")[4:6] for row in rows] == [["yes", "secret"]]


def test_without_docstrings_the_table_has_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without docstrings, as in the layer's bytecode, a heading has no sentence below it."""
    (first, *_) = settings_classes()
    monkeypatch.setattr(first, "__doc__", None)
    section = settings_table().partition(f"## {first.__name__}\n")[2]
    assert section.lstrip().startswith("| setting | variable |")
