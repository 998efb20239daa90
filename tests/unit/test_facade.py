"""The public names of the package, and the cost of importing it."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import ai_voice_shared

pytestmark = pytest.mark.unit

HEAVY = (
    "aws_lambda_powertools",
    "aws_xray_sdk",
    "boto3",
    "botocore",
    "cachetools",
    "httpx",
    "jwt",
    "pydantic",
    "urllib3",
)
# Without the pytest plugin, whose third-party packages a plain installation does not have.
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(ai_voice_shared.__path__, "ai_voice_shared.")
    if not module.name.startswith("ai_voice_shared.testing")
)


def test_importing_the_package_loads_no_heavy_module() -> None:
    """`import ai_voice_shared` works in a process where every heavy package is blocked."""
    script = f"""
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY!r}:
            raise AssertionError(f"{{name}} was imported")
sys.meta_path.insert(0, Blocked())
import ai_voice_shared
assert dir(ai_voice_shared) and ai_voice_shared.__all__
import ai_voice_shared.errors, ai_voice_shared.observability, ai_voice_shared.settings, ai_voice_shared.services
ai_voice_shared.get_tracer
ai_voice_shared.get_correlation_id()
print("light")
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.stdout.strip() == "light", result.stderr


@pytest.mark.parametrize("name", ai_voice_shared.__all__)
def test_every_public_name_resolves(name: str) -> None:
    """Each name of `__all__` is importable, and is public where it is defined as well."""
    value = getattr(ai_voice_shared, name)
    module = importlib.import_module(value.__module__)
    assert name in module.__all__


@pytest.mark.parametrize("module_name", MODULES)
def test_every_module_declares_its_public_names(module_name: str) -> None:
    """Each module has a docstring and an `__all__` whose names exist."""
    module = importlib.import_module(module_name)
    assert module.__doc__
    assert sorted(module.__all__, key=str.lower) == sorted(set(module.__all__), key=str.lower)
    for name in module.__all__:
        assert hasattr(module, name), f"{module_name}.{name}"


def test_the_stubs_are_up_to_date() -> None:
    """The stub of each package, which type checkers read, matches its table of exports."""
    script = Path(__file__).parents[2] / ".ci" / "make-stubs"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A name that does not exist is an AttributeError, as in any module."""
    with pytest.raises(AttributeError, match="has no attribute 'NoSuchThing'"):
        _ = ai_voice_shared.NoSuchThing  # type: ignore[attr-defined]  # that it is missing is the point


def test_the_version_is_the_distribution_s() -> None:
    """`__version__` is the version in the installed package's metadata."""
    assert ai_voice_shared.__version__ == version("ai-voice-shared")


def test_a_resolved_name_is_cached() -> None:
    """A name is resolved once and then stored in the package's namespace."""
    first = ai_voice_shared.AIVoiceError
    assert vars(ai_voice_shared)["AIVoiceError"] is first
