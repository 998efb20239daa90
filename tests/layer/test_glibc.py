"""The glibc that compiled modules need, and the glibc of the targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from layer import targets
from layer.build import Options, build_tree
from layer.glibc import check_glibc, needed_glibc
from layer.tools import BuildError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.layer


def test_the_latest_version_that_a_module_names_counts(tmp_path: Path) -> None:
    """The needed glibc is the latest version among the module's symbols, also those with a patch number."""
    module = tmp_path / "module.so"
    module.write_bytes(b"\x00GLIBC_2.2.5\x00GLIBC_2.17\x00GLIBC_2.4\x00not GLIBC_2.99\x00")
    assert needed_glibc(module) == 17


def test_a_module_for_a_later_glibc_fails_the_build(tmp_path: Path) -> None:
    """A module that needs a later glibc than the runtime's fails the build, which names both versions."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.cpython-311-x86_64-linux-gnu.so").write_bytes(b"\x00GLIBC_2.28\x00")
    with pytest.raises(BuildError, match=r"module\.cpython.*needs glibc 2\.28, and Python 3\.11 in Lambda has 2\.26"):
        check_glibc(tmp_path, targets.parse("python3.11-x86_64"))
    check_glibc(tmp_path, targets.parse("python3.13-x86_64"))


@pytest.mark.parametrize("layer", ["core", "extras"])
@pytest.mark.parametrize("name", ["python3.11-x86_64", "python3.11-arm64"])
def test_the_oldest_runtime_can_load_every_module(name: str, layer: str, tmp_path: Path) -> None:
    """Both layers build for Python 3.11, which has the oldest glibc, and need no later one."""
    target = targets.parse(name)
    build_tree(target, Options(layer=layer), tmp_path / "opt")
    needed = {path.name: needed_glibc(path) for path in (tmp_path / "opt").rglob("*.so")}
    assert needed
    assert target.glibc is not None
    assert max(needed.values()) <= target.glibc, needed
