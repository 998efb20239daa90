"""The examples of the guides run unchanged."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest

from ai_voice_shared.http import close_connections
from tests.support.asgi_server import serving

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.unit

DOCS = Path(__file__).parents[3] / "docs"


def examples(name: str) -> list[str]:
    """Return the Python code blocks of a guide."""
    found = re.findall(r"```python\n(.*?)```", (DOCS / name).read_text(), re.DOTALL)
    assert found
    return found


def test_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service of the guide responds, and the clients of the guide call it."""
    module = types.ModuleType("guide_to_services")
    # The annotations of routes are looked up in their module.
    monkeypatch.setitem(sys.modules, module.__name__, module)
    blocks = examples("services.md")
    *before, calls = blocks
    for block in before:
        exec(compile(block, "services.md", "exec"), module.__dict__)  # noqa: S102 - the guide's code
    with serving(module.service.asgi) as url:
        monkeypatch.setenv("SUBJECT_SERVICE_URL", url)
        exec(compile(calls, "services.md", "exec"), module.__dict__)  # noqa: S102 - as above
        close_connections()


def test_testing(pytester: pytest.Pytester) -> None:
    """The tests of the guide pass in a separate run."""
    (block,) = examples("testing.md")
    pytester.makepyfile(block)
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "error")
    result.assert_outcomes(passed=2)
