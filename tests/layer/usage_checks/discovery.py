"""The public names: every `__all__` of every module without an underscore, each thing once."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import FunctionType
from typing import Any

__all__ = ["PublicName", "docstrings_of", "public_names"]

PACKAGE = "ai_voice_shared"


@dataclass
class PublicName:
    """One public thing, under all the paths that lead to it."""

    value: Any
    paths: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The path to call it by: the shortest."""
        return min(self.paths, key=lambda path: (path.count("."), path))

    @property
    def home(self) -> str:
        """The path of its definition: the longest."""
        return max(self.paths, key=lambda path: (path.count("."), path))

    @property
    def code(self) -> Any:
        """The code that runs when it is called, where it is a function."""
        function = inspect.unwrap(self.value) if callable(self.value) else None
        return function.__code__ if isinstance(function, FunctionType) else None

    @property
    def is_class_with_instances(self) -> bool:
        """Whether making one of it runs Python code that a profiler sees."""
        if not isinstance(self.value, type) or getattr(self.value, "_is_protocol", False):
            return False
        made_by = [vars(one).get(name) for one in self.value.__mro__ for name in ("__init__", "__new__")]
        return any(isinstance(getattr(one, "__func__", one), FunctionType) for one in made_by) and not issubclass(
            self.value, Enum
        )


def public_names() -> list[PublicName]:
    """Walk the installed package."""
    package = importlib.import_module(PACKAGE)
    found: dict[Any, PublicName] = {}
    modules = [PACKAGE, *(module.name for module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."))]
    for path in modules:
        # `__main__` is a command. Whoever tests installs the wheel with the extra `testing`; no layer holds it.
        if path.split(".")[1:2] == ["testing"] or any(part.startswith("_") for part in path.split(".")):
            continue
        module = importlib.import_module(path)
        for name in module.__all__:
            value = getattr(module, name)
            thing = isinstance(value, type | FunctionType)
            known = found.setdefault((name, id(value) if thing else repr(value)), PublicName(value))
            known.paths.append(f"{path}.{name}")
    return sorted(found.values(), key=lambda one: one.name)


def docstrings_of(public: PublicName) -> list[tuple[str, str]]:
    """Read the docstrings of a function, or of a class and its methods, from the layer's source.

    The layer's bytecode has none.
    """
    home = getattr(public.value, "__module__", None)
    name = getattr(public.value, "__name__", None)
    if not home or not name or not home.startswith(PACKAGE):
        return []
    source = importlib.import_module(home).__file__
    if source is None:
        return []
    # The last one: overloads stand before it.
    for node in reversed(ast.parse(Path(source).read_text(encoding="utf-8")).body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name:
            inner = node.body if isinstance(node, ast.ClassDef) else []
            methods = [one for one in inner if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
            docs = [(name, ast.get_docstring(node)), *((f"{name}.{m.name}", ast.get_docstring(m)) for m in methods)]
            return [(where, text) for where, text in docs if text]
    return []
