"""Every public name of the package works from the built layers, under Lambda's own runtime client and emulator.

A function with the layers attached walks the package, and uses each name of each `__all__`: by a usage check of
`usage_checks/`, or else by the examples of its own docstring. A profiler watches, so that a check which does not
call what it is registered for does not count. AWS is the local emulator, HTTP a server on loopback.

The names of `ai_voice_shared.testing` are not among them: they belong to the extra `testing` of the wheel, which tests
install, and no layer holds them.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from layer import targets
from layer.build import Options, build_zip
from tests.layer.usage_checks.without_extras import NEED_EXTRAS
from tests.support.lambda_emulator import running_function, unavailable_reason
from tests.support.local_aws import LocalAWS

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.layer,
    pytest.mark.skipif(unavailable_reason() is not None, reason=str(unavailable_reason())),
]

HINT = "a new public name needs an example in its docstring, or a usage check in tests/layer/usage_checks"
USAGE_CHECKS = Path(__file__).parent / "usage_checks"


@pytest.fixture(scope="module")
def extras(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the extras layer for this machine, and unpack it."""
    built = build_zip(targets.parse("local"), Options(layer="extras", strict=True), tmp_path_factory.mktemp("dist"))
    folder = tmp_path_factory.mktemp("extras")
    with zipfile.ZipFile(built.path) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAWS]:
    """Run a local AWS for the functions."""
    with LocalAWS() as running:
        yield running


def report(aws: LocalAWS, folder: Path, layers: list[Path], runtime: Path, event: dict[str, Any]) -> dict[str, Any]:
    """Invoke the function that uses all names, with these layers."""
    shutil.copytree(USAGE_CHECKS, folder / "usage_checks")
    paths = [folder, *(layer / "python" for layer in layers), runtime]
    environment = {
        # Everything is one invocation, which may take long on a busy machine.
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "600",
        "AWS_ENDPOINT_URL": aws.endpoint_url,
        "AWS_REGION": aws.region,
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with running_function("usage_checks.app.handler", paths=paths, environment=environment) as function:
        response = function.invoke(event, timeout=600)
        assert "outcomes" in response, (response, function.log_text()[-4000:])
    assert response["file"].startswith(str(layers[0]))
    return dict(response)


@pytest.fixture(scope="module")
def core_report(aws: LocalAWS, opt: Path, runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the outcome of each name with the core layer only."""
    return report(aws, tmp_path_factory.mktemp("core"), [opt], runtime, {})


@pytest.fixture(scope="module")
def full_report(
    aws: LocalAWS, opt: Path, extras: Path, runtime: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Return the outcome of each name with both layers."""
    return report(aws, tmp_path_factory.mktemp("full"), [opt, extras], runtime, {"extras": True})


def unused(outcomes: dict[str, str]) -> dict[str, str]:
    """Return the names that were not used, with their outcomes."""
    return {name: outcome for name, outcome in outcomes.items() if outcome not in {"used", "used as a part"}}


def test_every_name_works_with_both_layers(full_report: dict[str, Any]) -> None:
    """Each public name has a usage check or an example, which calls it and passes."""
    assert unused(full_report["outcomes"]) == {}, HINT
    assert len(full_report["outcomes"]) > 450
    # Examples count as checks; assert that they are found at all.
    assert full_report["by_example"] > 80


def test_the_core_layer_is_enough_for_all_but_the_extras(core_report: dict[str, Any]) -> None:
    """Without the extras layer, all names work except the listed ones."""
    left = unused(core_report["outcomes"])
    assert sorted(left) == sorted(f"ai_voice_shared.{name}" for name in NEED_EXTRAS), left
    assert {outcome.partition(":")[0] for outcome in left.values()} == {"missing"}


def test_names_of_the_extras_layer_raise_an_error_that_names_it(core_report: dict[str, Any]) -> None:
    """The call of a name that needs the extras layer raises an error with the layer and the extra."""
    messages = core_report["without_extras"]
    assert sorted(messages) == sorted(NEED_EXTRAS)
    wrong = {
        name: messages[name]
        for name, (extra, _) in NEED_EXTRAS.items()
        if not ("attach the extras layer" in messages[name] and f"ai-voice-shared[{extra}]" in messages[name])
    }
    assert wrong == {}


def test_every_usage_check_is_of_an_existing_name(full_report: dict[str, Any]) -> None:
    """No usage check is registered for a name that was renamed, moved or removed."""
    assert full_report["stale"] == []


def test_no_layer_holds_the_testing_plugin(opt: Path, extras: Path) -> None:
    """The testing plugin is in no layer, but in the wheel's extra `testing`."""
    assert not (opt / "python" / "ai_voice_shared" / "testing").exists()
    assert not (extras / "python" / "ai_voice_shared").exists()
