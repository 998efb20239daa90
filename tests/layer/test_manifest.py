"""The layer's SBOM: exactly what ships, and the same bytes from every build."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from layer import targets
from layer.manifest import write_manifest
from layer.requirements import locked
from layer.tools import BuildError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.layer


def test_sbom_holds_exactly_the_shipped_packages(opt: Path) -> None:
    """The CycloneDX 1.5 document names each package with its locked version and its licence, and no other package."""
    sbom = json.loads((opt / "ai-voice-shared-core" / "sbom.cdx.json").read_text())
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.5")
    versions = {component["name"]: component["version"] for component in sbom["components"]}
    requirements = locked("core")
    assert versions.keys() == {"ai-voice-shared", *requirements}
    for name, line in requirements.items():
        assert f"{name}=={versions[name]}" in line
    assert all(component["licenses"] for component in sbom["components"])


def test_sbom_dependencies_stay_inside_the_layer(opt: Path) -> None:
    """Every reference in the SBOM is to a component: packages of the runtime only are not named."""
    sbom = json.loads((opt / "ai-voice-shared-core" / "sbom.cdx.json").read_text())
    components = {component["bom-ref"]: component["name"] for component in sbom["components"]}
    needs = {components[item["ref"]]: {components[ref] for ref in item["dependsOn"]} for item in sbom["dependencies"]}
    assert needs.keys() == set(components.values())
    assert needs["httpx"] == {"anyio", "certifi", "httpcore", "idna"}
    assert needs["aws-xray-sdk"] == {"wrapt"}


def test_sbom_holds_nothing_that_differs_between_builds(opt: Path) -> None:
    """The SBOM has no serial number, timestamp or uv version, which would differ between builds of the same layer."""
    sbom = json.loads((opt / "ai-voice-shared-core" / "sbom.cdx.json").read_text())
    assert sbom.keys() == {"bomFormat", "specVersion", "version", "metadata", "components", "dependencies"}
    assert sbom["metadata"].keys() == {"component"}


def test_sbom_of_a_package_outside_the_lock_is_refused(tmp_path: Path) -> None:
    """An SBOM that would omit a package fails the build."""
    folder = tmp_path / "python" / "left_pad-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Name: left_pad\nVersion: 1.0\n")
    with pytest.raises(BuildError, match="left-pad"):
        write_manifest(tmp_path, layer="core", target=targets.parse("local"), bytecode=False, licences="")
