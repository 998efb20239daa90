"""The handler and the tests in docs/webhooks.md run unchanged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.unit

GUIDE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")


def test_the_handler_passes_its_tests(pytester: pytest.Pytester) -> None:
    """The guide's tests pass in a separate process, with the plugin that the package installs."""
    app, tests = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    pytester.makepyfile(app=app, test_app=tests)
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "error")
    result.assert_outcomes(passed=5)
