"""Bytecode for the target's Python, so that no function compiles anything at a cold start.

Unchecked-hash files (PEP 552): a zip keeps no times worth trusting, and checking a hash would read every source.
"""

from __future__ import annotations

import os
import shutil
import sys
from functools import cache
from pathlib import Path

from layer.tools import BuildError, run, uv

__all__ = ["compile_folder", "find_interpreter"]

# One process and one order: what a code object shares with those compiled before it shows in its bytes.
_SCRIPT = """
import compileall, os, py_compile, sys
folder = sys.argv[1]
ok = True
for path, folders, files in os.walk(folder):
    folders.sort()
    for name in sorted(files):
        if name.endswith(".py"):
            ok &= bool(compileall.compile_file(
                os.path.join(path, name), quiet=1, force=True, stripdir=folder, prependdir="/opt/python",
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH))
sys.exit(not ok)
"""


def compile_folder(folder: Path, interpreter: str) -> None:
    """Compile every source of a folder, as seen from `/opt/python`.

    Raises
    ------
    BuildError
        A source does not compile.
    """
    run([interpreter, "-I", "-S", "-c", _SCRIPT, str(folder)], env={"PYTHONHASHSEED": "0"})


@cache
def find_interpreter(version: str) -> str | None:
    """Find an interpreter of a version on this machine, or let uv fetch one; None where neither works.

    Parameters
    ----------
    version
        `"3.13"`.
    """
    candidates = [sys.executable, shutil.which(f"python{version}")]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    # HOME may be another's, as in a clean-room build; the interpreter's own pyenv is as good.
    own = Path(sys.base_prefix).parent
    candidates += [str(path) for root in (pyenv, own) for path in sorted(root.glob(f"{version}.*/bin/python3"))]
    for candidate in candidates:
        if candidate and _version_of(candidate) == version:
            return candidate
    try:
        found = run([uv(), "python", "find", "--no-python-downloads", version], env={"UV_PYTHON": ""}).strip()
    except BuildError:
        try:
            run([uv(), "python", "install", "--quiet", "--no-bin", version], env={"UV_HTTP_RETRIES": "0"})
            found = run([uv(), "python", "find", "--managed-python", version]).strip()
        except BuildError:
            return None
    return found if _version_of(found) == version else None


def _version_of(interpreter: str) -> str | None:
    if not Path(interpreter).exists():
        return None
    try:
        return run([interpreter, "-I", "-S", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).strip()
    except BuildError:
        return None
