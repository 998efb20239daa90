"""The content of a layer, its exclusions and its manifest."""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from layer.budget import budget, largest_parts
from layer.exclusions import EXCLUSIONS, reason_to_exclude
from layer.manifest import content_sha256
from layer.requirements import RUNTIME_PACKAGES, locked
from layer.tools import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

    from layer.build import Built

pytestmark = pytest.mark.layer


def test_everything_that_core_needs_is_there_and_importable_by_name(opt: Path) -> None:
    """The package and its dependencies are under python/, each with its metadata."""
    folders = {path.name.lower() for path in (opt / "python").iterdir()}
    assert {
        "ai_voice_shared",
        "pydantic",
        "httpx",
        "aws_lambda_powertools",
        "aws_xray_sdk",
        "certifi",
        "urllib3",
    } <= folders
    names = {name.split("-")[0].replace("_", "-") for name in folders if name.endswith(".dist-info")}
    assert set(locked("core")) | {"ai-voice-shared"} == names


def test_what_the_runtime_has_is_left_out(opt: Path) -> None:
    """The layer excludes boto3 and its dependencies, which are Lambda's own."""
    folders = {path.name for path in (opt / "python").iterdir()}
    assert not folders & {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py"}
    assert "boto3" in RUNTIME_PACKAGES


def test_no_excluded_file_is_in_the_layer(opt: Path) -> None:
    """No file matches an exclusion, except the bytecode compiled for the target."""
    python = opt / "python"
    files = [path.relative_to(python).as_posix() for path in python.rglob("*") if path.is_file()]
    unwanted = [path for path in files if not path.endswith(".pyc") and reason_to_exclude(path)]
    assert unwanted == []


def test_every_exclusion_has_a_reason() -> None:
    """Every exclusion states why the file is left out."""
    assert all(pattern and len(reason) > 5 for pattern, reason in EXCLUSIONS)


def test_certificates_stay(opt: Path) -> None:
    """The layer has certifi's bundle for all code, and the folder of certificates for the package."""
    assert (opt / "python" / "certifi" / "cacert.pem").stat().st_size > 100_000
    assert len(list((opt / "python" / "ai_voice_shared" / "_ca_certificates").iterdir())) > 100


def test_every_source_has_bytecode_that_is_never_checked(opt: Path) -> None:
    """Every source has bytecode in PEP 552's unchecked-hash form, which depends on no source and no timestamp."""
    sources = list((opt / "python").rglob("*.py"))
    assert len(sources) > 300
    for source in sources:
        (compiled,) = (source.parent / "__pycache__").glob(f"{source.stem}.cpython-*.pyc")
        flags = struct.unpack("<I", compiled.read_bytes()[4:8])[0]
        assert flags == 0b01, compiled


def test_the_manifest_is_true(built: Built, opt: Path) -> None:
    """The manifest has the target, lock and content of this build."""
    manifest = json.loads((opt / "ai-voice-shared-core" / "manifest.json").read_text())
    assert manifest["target"] == built.target
    assert manifest["uv_lock_sha256"] == hashlib.sha256((PROJECT / "uv.lock").read_bytes()).hexdigest()
    assert manifest["content_sha256"] == content_sha256(opt)
    assert manifest["bytecode"] == "unchecked-hash"


def test_the_licence_of_every_package_is_there(opt: Path) -> None:
    """LICENSES.txt has a section with the text for every package."""
    text = (opt / "ai-voice-shared-core" / "LICENSES.txt").read_text()
    for name in ("httpx", "pydantic", "aws-xray-sdk", "certifi", "wrapt"):
        assert f"\n{name} " in text.lower().replace("_", "-")
    assert "Apache License" in text
    assert "MIT License" in text


def test_the_layer_is_within_its_budget(built: Built, opt: Path) -> None:
    """Zipped and unzipped bytes are within layer/budget.toml; the message names the ten largest parts."""
    allowed = budget("core")
    assert built.zipped <= allowed["zipped"], largest_parts(opt)
    assert built.unzipped <= allowed["unzipped"], largest_parts(opt)


def test_modes_and_times_are_always_the_same(built: Built) -> None:
    """The zip does not depend on the umask or the clock."""
    with zipfile.ZipFile(built.path) as archive:
        entries = archive.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    modes = {entry.filename.endswith(".so"): entry.external_attr >> 16 for entry in entries}
    assert modes == {False: 0o100644, True: 0o100755}
    assert [entry.filename.split("/") for entry in entries] == sorted(entry.filename.split("/") for entry in entries)
