"""Interrupted and concurrent builds, and the folder of build.sh."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from layer import targets
from layer.archive import sha256, write_zip
from layer.build import Built, Options, find_zip
from layer.tools import PROJECT

pytestmark = pytest.mark.layer


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sha256": "x"}'])
def test_an_incomplete_record_is_ignored(built: Built, tmp_path: Path, text: str) -> None:
    """A zip with an incomplete record is built again without manual clean-up."""
    path = Path(built.path)
    shutil.copy(path, tmp_path)
    (tmp_path / path.with_suffix(".json").name).write_text(text)
    assert find_zip(targets.parse("local"), Options(strict=True), tmp_path) is None


def test_two_builds_at_once_do_not_write_into_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Concurrent builds write to separate scratch files, and the last complete one remains."""
    folder, together = tmp_path / "tree", threading.Barrier(2)
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_bytes(os.urandom(100_000))
    usual = Path.read_bytes

    def meet(path: Path) -> bytes:
        together.wait(10)
        return usual(path)

    write_zip(folder, tmp_path / "alone.zip")
    monkeypatch.setattr(Path, "read_bytes", meet)
    failures: list[BaseException] = []

    def build() -> None:
        try:
            write_zip(folder, tmp_path / "both.zip")
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=build) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sha256(tmp_path / "both.zip") == sha256(tmp_path / "alone.zip")


def test_build_sh_runs_in_its_own_folder_despite_cdpath(tmp_path: Path) -> None:
    """build.sh does not mistake a folder of the same name elsewhere for its own, and its name may begin with a dash."""
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text("#!/bin/sh\npwd\n")
    uv.chmod(0o755)
    here, elsewhere = tmp_path / "here" / "my project", tmp_path / "elsewhere" / "my project"
    for folder in (here, elsewhere):
        folder.mkdir(parents=True)
        shutil.copy(PROJECT / "build.sh", folder)
    done = subprocess.run(
        [str(shutil.which("bash")), "my project/build.sh", "layer"],
        cwd=here.parent,
        env={**os.environ, "CDPATH": str(elsewhere.parent), "PATH": f"{uv.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, [str(here)])
