"""Builds are reproducible, and an unchanged layer is not built again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layer import targets
from layer.archive import sha256, write_zip
from layer.build import Options, build_tree, build_zip
from layer.bytecode import find_interpreter
from layer.install import install, verify
from layer.requirements import locked
from layer.tools import PROJECT, BuildError

if TYPE_CHECKING:
    from layer.build import Built

pytestmark = pytest.mark.layer


def test_two_folders_two_umasks_two_times_give_the_same_bytes(built: Built, tmp_path: Path) -> None:
    """A build from a copy of the project in another folder, under another umask and without caches, is equal."""
    copy = tmp_path / "elsewhere" / "project"
    copy.mkdir(parents=True)
    for name in ("src", "layer"):
        shutil.copytree(PROJECT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "uv.lock", "LICENSE", "README.md"):
        shutil.copyfile(PROJECT / name, copy / name)
    for path in copy.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    script = f"import os, sys; os.umask(0o077); sys.path.insert(0, {str(copy)!r}); import runpy; sys.argv[1:] = "
    script += f"['layer', '--target', 'local', '--dist', {str(tmp_path / 'dist')!r}]; "
    script += "runpy.run_module('layer', run_name='__main__')"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(copy), str(copy / "src")]), "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", script], cwd=copy, env=environment, check=True, capture_output=True)
    (other,) = (tmp_path / "dist").glob("*.zip")
    assert sha256(other) == built.sha256


def test_an_unchanged_layer_is_not_built_again(tmp_path: Path) -> None:
    """A second build does not touch the zip; a damaged zip is built again."""
    target = targets.parse("local")
    first = build_zip(target, Options(), tmp_path)
    before = Path(first.path).stat()
    assert build_zip(target, Options(), tmp_path) == first
    assert Path(first.path).stat().st_mtime_ns == before.st_mtime_ns
    Path(first.path).write_bytes(b"damaged")
    assert build_zip(target, Options(), tmp_path).sha256 == first.sha256


def test_the_zip_is_the_tree(built: Built, tmp_path: Path) -> None:
    """The folder for `sam build` has the same content as the zip."""
    build_tree(targets.parse("local"), Options(), tmp_path / "tree")
    write_zip(tmp_path / "tree", tmp_path / "tree.zip")
    assert sha256(tmp_path / "tree.zip") == built.sha256


def test_a_file_that_differs_from_its_wheel_fails_the_build(tmp_path: Path) -> None:
    """A certificate bundle that was edited on the machine does not get into a layer."""
    import hashlib
    from base64 import urlsafe_b64encode

    (tmp_path / "certifi").mkdir()
    (tmp_path / "certifi" / "cacert.pem").write_bytes(b"genuine")
    digest = urlsafe_b64encode(hashlib.sha256(b"genuine").digest()).rstrip(b"=").decode()
    (tmp_path / "certifi-1.dist-info").mkdir()
    record = tmp_path / "certifi-1.dist-info" / "RECORD"
    record.write_text(f"certifi/cacert.pem,sha256={digest},7\ncertifi-1.dist-info/RECORD,,\n")
    assert verify(tmp_path) == 1
    (tmp_path / "certifi" / "cacert.pem").write_bytes(b"genuine and one more")
    with pytest.raises(BuildError, match=r"certifi/cacert\.pem differs from its wheel"):
        verify(tmp_path)


def test_a_file_that_was_edited_in_the_cache_is_downloaded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edited file in uv's cache does not get into a layer, and does not fail the build."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    certifi = {"certifi": locked("core")["certifi"]}
    target = targets.parse("local")
    install(certifi, target, tmp_path / "first")
    (cached,) = (tmp_path / "cache").rglob("certifi/cacert.pem")
    genuine = cached.read_bytes()
    cached.write_bytes(genuine + b"and one more")
    install(certifi, target, tmp_path / "second")
    assert (tmp_path / "second" / "certifi" / "cacert.pem").read_bytes() == genuine


@pytest.mark.parametrize("name", ["python3.12-x86_64", "python3.13-x86_64", "python3.13-arm64"])
def test_another_target_holds_its_own_binaries(name: str, tmp_path: Path) -> None:
    """The compiled modules of a target have its architecture."""
    target = targets.parse(name)
    notes = build_tree(target, Options(), tmp_path / "opt")
    binaries = list((tmp_path / "opt").rglob("*.so"))
    machine = {"x86_64": 62, "arm64": 183}[target.machine]  # ELF's e_machine
    assert binaries
    for binary in binaries:
        header = binary.read_bytes()[:20]
        assert header[:4] == b"\x7fELF"
        assert int.from_bytes(header[18:20], "little") == machine, binary
    assert bool(notes) == (find_interpreter(target.python) is None)


def test_an_unknown_target_is_named() -> None:
    """The error for an unknown target lists the known ones."""
    with pytest.raises(BuildError, match=r"python3\.14-arm64"):
        targets.parse("python2.7-x86_64")


def test_a_missing_interpreter_is_reported_and_fails_a_strict_build(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without an interpreter of the target's version the build continues with a note, or fails with `--strict`."""
    monkeypatch.setattr("layer.build.find_interpreter", lambda version: None)
    target = targets.parse("python3.14-x86_64")
    with pytest.raises(BuildError, match=r"no bytecode: Python 3\.14"):
        build_tree(target, Options(strict=True), tmp_path / "strict")
    (note,) = build_tree(target, Options(), tmp_path / "lenient")
    assert "no bytecode" in note
    assert not list((tmp_path / "lenient").rglob("*.pyc"))
