"""Compile a folder of sources; run by the target's interpreter with the standard library only.

Its one argument is JSON: the folder, its later path, and patterns of files whose docstrings remain.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import marshal
import os
import sys
from fnmatch import fnmatchcase

_UNCHECKED_HASH = (0b01).to_bytes(4, "little")  # PEP 552
_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def main(folder: str, place: str, keep_docstrings: list[str]) -> None:
    """Compile every source below `folder`, in one process and one order.

    The bytes of a code object depend on what it shares with those compiled before it, so the order matters.
    """
    for path, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.endswith(".py"):
                source = os.path.join(path, name)
                relative = os.path.relpath(source, folder).replace(os.sep, "/")
                keep = any(fnmatchcase(relative, pattern) for pattern in keep_docstrings)
                _compile(source, f"{place}/{relative}", keep_docstrings=keep)


def _compile(source: str, place: str, *, keep_docstrings: bool) -> None:
    with open(source, "rb") as file:
        content = file.read()
    tree = ast.parse(content, place)
    if not keep_docstrings:
        _drop_docstrings(tree)
    code = compile(tree, place, "exec", dont_inherit=True, optimize=0)
    compiled = importlib.util.cache_from_source(source, optimization="")
    os.makedirs(os.path.dirname(compiled), exist_ok=True)
    header = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(content)
    with open(compiled, "wb") as file:
        file.write(header + marshal.dumps(code))


def _drop_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(node, _WITH_DOCSTRING) and ast.get_docstring(node, clean=False) is not None:
            line = node.body[0]
            del node.body[0]
            if not node.body and not isinstance(node, ast.Module):
                node.body.append(ast.copy_location(ast.Pass(), line))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
