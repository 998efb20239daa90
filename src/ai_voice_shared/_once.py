"""Attributes that are built on first use, once, whoever asks.

`functools.cached_property` has no lock since Python 3.12: two threads that ask at the same time build twice, and keep
two caches, or two circuits, where there should be one.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from ai_voice_shared._collector import collector_paused

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["built_once"]

T = TypeVar("T")


class built_once(Generic[T]):  # noqa: N801 - it is used as a decorator, as `property` is
    """Make a method an attribute that is built when it is first asked for, by one thread.

    Examples
    --------
    >>> class Shop:
    ...     @built_once
    ...     def stock(self) -> list[str]:
    ...         return ["tea"]
    >>> shop = Shop()
    >>> shop.stock is shop.stock
    True
    """

    def __init__(self, build: Callable[[Any], T]) -> None:
        self._build = build
        self._name = build.__name__
        self._lock = threading.RLock()
        self.__doc__ = build.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> T: ...
    def __get__(self, instance: object | None, owner: type | None = None) -> Self | T:
        if instance is None:
            return self
        # Once it stands in the instance, Python finds it there and does not come by here.
        kept = instance.__dict__
        with self._lock:
            if self._name not in kept:
                with collector_paused():
                    kept[self._name] = self._build(instance)
            value: T = kept[self._name]
            return value
