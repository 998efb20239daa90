"""Attributes that are created on first use, by one thread.

`functools.cached_property` has no lock since Python 3.12: two threads that read the attribute at the same time create
two caches, or two circuits, where there should be one.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["locked_cached_property"]

T = TypeVar("T")


class locked_cached_property(Generic[T]):  # noqa: N801 - it is used as a decorator, as `property` is
    """Create an attribute by a method when it is first read; other threads wait for it.

    Examples
    --------
    >>> class Shop:
    ...     @locked_cached_property
    ...     def stock(self) -> list[str]:
    ...         return ["tea"]
    >>> shop = Shop()
    >>> shop.stock is shop.stock
    True
    """

    def __init__(self, create: Callable[[Any], T]) -> None:
        self._create = create
        self._name = create.__name__
        self._lock = threading.RLock()
        self.__doc__ = create.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> T: ...
    def __get__(self, instance: object | None, owner: type | None = None) -> Self | T:
        if instance is None:
            return self
        # Once it is in the instance's dictionary, Python finds it there and does not call this method.
        cache = instance.__dict__
        with self._lock:
            if self._name not in cache:
                cache[self._name] = self._create(instance)
            value: T = cache[self._name]
            return value
