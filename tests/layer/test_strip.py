"""Compiled modules without their debug information."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from layer.strip import strip_elf

pytestmark = pytest.mark.layer


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ELF is Linux's format")
def test_a_stripped_module_still_works(tmp_path: Path) -> None:
    """A module with debug information is cut, imports and computes; cutting it again saves nothing."""
    wrapt = importlib.util.find_spec("wrapt._wrappers")
    assert wrapt is not None
    assert wrapt.origin
    copy = tmp_path / Path(wrapt.origin).name
    shutil.copyfile(wrapt.origin, copy)
    assert strip_elf(copy) > 0
    assert strip_elf(copy) == 0
    script = "import _wrappers; print(_wrappers.ObjectProxy([1, 2])[1])"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {script}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed == "2\n"


def test_what_is_no_elf_is_left_alone(tmp_path: Path) -> None:
    """A file of another kind keeps its bytes."""
    file = tmp_path / "module.so"
    file.write_bytes(b"\xcf\xfa\xed\xfe a Mach-O file")
    assert strip_elf(file) == 0
    assert file.read_bytes() == b"\xcf\xfa\xed\xfe a Mach-O file"
