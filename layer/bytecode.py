"""Bytecode for the target's Python, so that no function compiles anything during a cold start.

Unchecked-hash files (PEP 552): the timestamps of a zip are unreliable, and checking a hash would read every source.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from functools import cache
from pathlib import Path

from layer.tools import BuildError, run, uv

__all__ = ["KEEP_DOCSTRINGS", "compile_folder", "find_interpreter"]

_SCRIPT = Path(__file__).with_name("bytecode_script.py")

KEEP_DOCSTRINGS = ("ai_voice_shared/app*", "ai_voice_shared/domain/*", "ai_voice_shared/models/*")
"""Where docstrings remain in the bytecode: pydantic and the event handler put them into schemas."""


def compile_folder(folder: Path, interpreter: str) -> None:
    """Compile every source of a folder, as seen from `/opt/python`.

    Docstrings are left out of the bytecode (the sources beside it have them): they are a fifth of it, and are read
    from disk at every cold start without being used.

    Raises
    ------
    BuildError
        A source does not compile.
    """
    given = {"folder": str(folder), "place": "/opt/python", "keep_docstrings": KEEP_DOCSTRINGS}
    run([interpreter, "-S", "-P", str(_SCRIPT), json.dumps(given)], env={"PYTHONHASHSEED": "0", "PYTHONPATH": ""})


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
    # HOME may be replaced, as in a clean-room build; the interpreter's own pyenv serves as well.
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
