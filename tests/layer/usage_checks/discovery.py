"""The public names: every `__all__` of every module without an underscore, each object once."""

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
    """A public object, with all the paths that lead to it."""

    value: Any
    paths: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The shortest path, by which it is called."""
        return min(self.paths, key=lambda path: (path.count("."), path))

    @property
    def home(self) -> str:
        """The longest path, that of its definition."""
        return max(self.paths, key=lambda path: (path.count("."), path))

    @property
    def code(self) -> Any:
        """The code of a function, else None."""
        function = inspect.unwrap(self.value) if callable(self.value) else None
        return function.__code__ if isinstance(function, FunctionType) else None

    @property
    def is_class_with_instances(self) -> bool:
        """Whether creating an instance runs Python code that a profiler sees."""
        if not isinstance(self.value, type) or getattr(self.value, "_is_protocol", False):
            return False
        creators = [vars(base).get(name) for base in self.value.__mro__ for name in ("__init__", "__new__")]
        return any(isinstance(getattr(item, "__func__", item), FunctionType) for item in creators) and not issubclass(
            self.value, Enum
        )


def public_names() -> list[PublicName]:
    """Return the public names of the installed package."""
    package = importlib.import_module(PACKAGE)
    found: dict[Any, PublicName] = {}
    modules = [PACKAGE, *(module.name for module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."))]
    for path in modules:
        # `__main__` is a command. Tests install the wheel with the extra `testing`; no layer holds it.
        if path.split(".")[1:2] == ["testing"] or any(part.startswith("_") for part in path.split(".")):
            continue
        module = importlib.import_module(path)
        for name in module.__all__:
            value = getattr(module, name)
            is_definition = isinstance(value, type | FunctionType)
            known = found.setdefault((name, id(value) if is_definition else repr(value)), PublicName(value))
            known.paths.append(f"{path}.{name}")
    return sorted(found.values(), key=lambda public: public.name)


def docstrings_of(public: PublicName) -> list[tuple[str, str]]:
    """Return the docstrings of a function, or of a class and its methods, from the layer's source.

    The layer's bytecode has none.
    """
    home = getattr(public.value, "__module__", None)
    name = getattr(public.value, "__name__", None)
    if not home or not name or not home.startswith(PACKAGE):
        return []
    source = importlib.import_module(home).__file__
    if source is None:
        return []
    # The last definition, because overloads precede it.
    for node in reversed(ast.parse(Path(source).read_text(encoding="utf-8")).body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name:
            inner = node.body if isinstance(node, ast.ClassDef) else []
            methods = [method for method in inner if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)]
            docs = [(name, ast.get_docstring(node)), *((f"{name}.{m.name}", ast.get_docstring(m)) for m in methods)]
            return [(where, text) for where, text in docs if text]
    return []
