"""Dependencies that are generators or coroutines, for Powertools' `Depends`.

Powertools (3.37) calls a dependency and passes on the result, which for a generator or coroutine function is an object
that never ran: the route continues without the check or the connection that the dependency provides. Powertools looks
into the resolver's `dependency_overrides` first, so the functions that run these dependencies are registered there.
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
    """Overrides of dependencies, with a synchronous function for each generator or coroutine function.

    Parameters
    ----------
    exits
        Returns the current request's exit stack; the code after a dependency's `yield` runs when it is closed.

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
        self._functions: dict[Dependency, Dependency] = {}

    def __bool__(self) -> bool:
        """Return True: Powertools ignores overrides that are false."""
        return True

    def __contains__(self, dependency: object) -> bool:
        """Return whether another function is called in place of this dependency."""
        return super().__contains__(dependency) or _is_lazy(dependency)

    def __getitem__(self, dependency: Dependency) -> Dependency:
        """Return the function to call."""
        chosen = self.get(dependency, dependency)
        if not _is_lazy(chosen):
            return chosen
        # Powertools caches values by function, so each dependency must always get the same one.
        return self._functions.setdefault(chosen, _create_resolving_function(chosen, self._exits))


def create_closing_middleware(exits: Callable[[], ExitStack]) -> Callable[[Any, Callable[[Any], Any]], Any]:
    """Return the middleware that closes a request's dependencies after its route.

    Dependencies see the route's error, so that they can commit or roll back.

    Parameters
    ----------
    exits
        As in `DependencyOverrides`.
    """

    # A function, not a method: Powertools caches its findings as attributes of a middleware.
    def close_dependencies(app: Any, next_middleware: Callable[[Any], Any]) -> Any:
        with exits():
            return next_middleware(app)

    return close_dependencies


def _is_lazy(dependency: object) -> bool:
    return any(
        is_kind(dependency)
        for is_kind in (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    )


def _create_resolving_function(dependency: Dependency, exits: Callable[[], ExitStack]) -> Dependency:
    # Powertools looks for a `Request` among the parameters, and finds them through `wraps`.
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
