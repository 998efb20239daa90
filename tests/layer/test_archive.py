"""The zip that the builder writes, read by independent programs."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from layer.archive import write_zip

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.layer


def test_another_reader_finds_every_file(tmp_path: Path) -> None:
    """The standard library reads names, bytes, checksums and modes of empty, large and Unicode-named files."""
    tree = tmp_path / "tree"
    contents = {"a/empty.py": b"", "a/größe.txt": b"x" * 100_000, "b/module.so": os.urandom(70_000)}
    for name, content in contents.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
    write_zip(tree, tmp_path / "out" / "layer.zip")
    with zipfile.ZipFile(tmp_path / "out" / "layer.zip") as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == contents
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert modes == {"a/empty.py": 0o100644, "a/größe.txt": 0o100644, "b/module.so": 0o100755}
    assert list((tmp_path / "out").iterdir()) == [tmp_path / "out" / "layer.zip"]
