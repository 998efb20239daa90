"""Settings as plain values."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
TEST_THAT_CACHES_A_CONFIG = """
from ai_voice_shared.settings import get_api_config


def test_that_caches_a_config(monkeypatch):
    monkeypatch.setenv("API_CORS_ORIGINS", "https://app.example.com")
    assert get_api_config()["cors_origins"]
"""


def test_the_doctests_ignore_a_cached_config(tmp_path: Path) -> None:
    """The examples of this module pass after a test in the same process that leaves a cached config behind."""
    (tmp_path / "test_cache.py").write_text(TEST_THAT_CACHES_A_CONFIG)
    module = ROOT / "src" / "ai_voice_shared" / "settings" / "plain_values.py"
    options = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path / "test_cache.py"), str(module)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
