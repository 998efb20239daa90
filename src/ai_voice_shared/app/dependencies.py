"""Dependencies that are generators or coroutines, for Powertools' `Depends`.

Powertools (3.37) calls a dependency and passes on what comes back: of a generator or coroutine function that is an
object which never ran, and the route goes on without the check or the connection that the dependency stands for. The
resolver's `dependency_overrides` is where it looks first, so these are put in there, to be run to their value.
"""

from __future__ import annotations

import functools
import inspect
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from ai_voice_shared.app.coroutines import run_coroutine

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    Dependency: TypeAlias = Callable[..., Any]

__all__ = ["DependencyOverrides", "create_closing_middleware"]


class DependencyOverrides(dict["Dependency", "Dependency"]):
    """Overrides of dependencies, and a plain function for each that is a generator or coroutine function.

    Parameters
    ----------
    exits
        Returns the current request's stack; what follows a dependency's `yield` runs when it is closed.

    Examples
    --------
    >>> from contextlib import ExitStack
    >>> def connection():
    ...     yield "open"
    ...     print("closed")
    >>> with ExitStack() as stack:
    ...     print(DependencyOverrides(lambda: stack)[connection]())
    open
    closed
    """

    def __init__(self, exits: Callable[[], ExitStack]) -> None:
        super().__init__()
        self._exits = exits
        self._plain: dict[Dependency, Dependency] = {}

    def __bool__(self) -> bool:
        """Return True: Powertools asks overrides only where there are any."""
        return True

    def __contains__(self, dependency: object) -> bool:
        """Return whether something else is to be called."""
        return super().__contains__(dependency) or _is_lazy(dependency)

    def __getitem__(self, dependency: Dependency) -> Dependency:
        """Return what is to be called."""
        chosen = self.get(dependency, dependency)
        if not _is_lazy(chosen):
            return chosen
        # Powertools caches values by function, so it has to be the same one for the same dependency.
        return self._plain.setdefault(chosen, _as_plain(chosen, self._exits))


def create_closing_middleware(exits: Callable[[], ExitStack]) -> Callable[[Any, Callable[[Any], Any]], Any]:
    """Return the middleware that closes a request's dependencies after its route.

    They see the route's error, as one that commits or rolls back has to.

    Parameters
    ----------
    exits
        As in `DependencyOverrides`.
    """

    # A function, and not a method: Powertools caches what it reads of a middleware as an attribute of it.
    def close_dependencies(app: Any, next_middleware: Callable[[Any], Any]) -> Any:
        with exits():
            return next_middleware(app)

    return close_dependencies


def _is_lazy(dependency: object) -> bool:
    return any(
        is_kind(dependency)
        for is_kind in (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    )


def _as_plain(dependency: Dependency, exits: Callable[[], ExitStack]) -> Dependency:
    # Powertools looks for a `Request` among the parameters, which `wraps` leads it to.
    @functools.wraps(dependency)
    def run(**arguments: Any) -> Any:
        if inspect.iscoroutinefunction(dependency):
            return run_coroutine(dependency(**arguments))
        if inspect.isgeneratorfunction(dependency):
            return exits().enter_context(contextmanager(dependency)(**arguments))
        manager = asynccontextmanager(dependency)(**arguments)
        value = run_coroutine(manager.__aenter__())
        exits().push(lambda *raised: run_coroutine(manager.__aexit__(*raised)))
        return value

    return run
