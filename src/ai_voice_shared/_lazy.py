"""Names that are imported on first use (PEP 562), so that importing a package costs nothing."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["lazy_exports"]


def lazy_exports(
    package: str, exports: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Create a package's `__getattr__`, `__dir__` and `__all__` from a table of names and their modules.

    A name is resolved once: the object is then stored in the package's namespace.

    Parameters
    ----------
    package
        The package's `__name__`.
    exports
        The modules that define public names, relative to the package (`".models"`), and these names. Type checkers
        read them from the package's stub, which `.ci/make-stubs` writes from this table.

    Returns
    -------
    tuple
        The module-level functions `__getattr__` and `__dir__`, and the sorted list `__all__`.

    Examples
    --------
    >>> getattr_, dir_, names = lazy_exports("json", {".decoder": ("JSONDecodeError",)})
    >>> getattr_("JSONDecodeError").__module__
    'json.decoder'
    >>> names
    ['JSONDecodeError']
    """
    modules = {name: module for module, names in exports.items() for name in names}

    def __getattr__(name: str) -> Any:  # noqa: N807 - the name is PEP 562's
        module = modules.get(name)
        if module is None:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        value = getattr(import_module(module, package), name)
        setattr(sys.modules[package], name, value)
        return value

    names = sorted(modules)

    def __dir__() -> list[str]:  # noqa: N807 - the name is PEP 562's
        return sorted({*vars(sys.modules[package]), *names})

    return __getattr__, __dir__, names
