"""Merging, flattening and reaching into nested dictionaries. The arguments are never changed."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

__all__ = ["deep_merge", "flatten_dict", "get_nested", "set_nested", "unflatten_dict"]


def deep_merge(base: Mapping[str, Any], *others: Mapping[str, Any]) -> dict[str, Any]:
    """Merge mappings into a new one; what stands further right wins, mappings are merged, all else is replaced.

    Examples
    --------
    >>> deep_merge({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}, "b": [4]})
    {'a': {'x': 1, 'y': 3}, 'b': [4]}
    """
    merged = _copied(base)
    for other in others:
        for key, value in other.items():
            mine = merged.get(key)
            both = isinstance(mine, Mapping) and isinstance(value, Mapping)
            merged[key] = deep_merge(mine, value) if both else _copied_value(value)  # type: ignore[arg-type]
    return merged


def _copied(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied_value(value) for key, value in mapping.items()}


def _copied_value(value: Any) -> Any:
    return _copied(value) if isinstance(value, Mapping) else deepcopy(value)


def flatten_dict(nested: Mapping[str, Any], *, separator: str = ".") -> dict[str, Any]:
    """Make one level of many; the keys are joined. An empty mapping inside stays as it is.

    Parameters
    ----------
    nested
        Mappings inside mappings; lists are values.
    separator
        What stands between the keys.

    Examples
    --------
    >>> flatten_dict({"a": {"b": 1, "c": {"d": 2}}, "e": []})
    {'a.b': 1, 'a.c.d': 2, 'e': []}
    """
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping) and value:
            for inner, leaf in flatten_dict(value, separator=separator).items():
                flat[f"{key}{separator}{inner}"] = leaf
        else:
            flat[str(key)] = value
    return flat


def unflatten_dict(flat: Mapping[str, Any], *, separator: str = ".") -> dict[str, Any]:
    """Make the levels again that `flatten_dict` has joined.

    Raises
    ------
    ValueError
        A key is both a value and the way to others.

    Examples
    --------
    >>> unflatten_dict({"a.b": 1, "a.c.d": 2})
    {'a': {'b': 1, 'c': {'d': 2}}}
    """
    nested: dict[str, Any] = {}
    for key, value in flat.items():
        *parents, last = key.split(separator)
        level = nested
        for parent in parents:
            level = level.setdefault(parent, {})
            if not isinstance(level, dict):
                msg = f"{key!r} goes through a key that is a value"
                raise ValueError(msg)  # noqa: TRY004 - the type is right, the combination is not
        if last in level:
            msg = f"{key!r} is there twice"
            raise ValueError(msg)
        level[last] = value
    return nested


def get_nested(data: Any, path: str, default: Any = None, *, separator: str = ".") -> Any:
    """Reach into dictionaries and lists; the default stands for whatever is missing on the way.

    Parameters
    ----------
    data
        Mappings and lists inside each other.
    path
        Keys and list positions (`"messages.0.body"`).
    default
        What to give where the path ends in nothing. A value of None is a value.
    separator
        What stands between the keys.

    Examples
    --------
    >>> get_nested({"messages": [{"body": "hi"}]}, "messages.0.body")
    'hi'
    >>> get_nested({"messages": []}, "messages.0.body", "nothing")
    'nothing'
    """
    current = data
    for key in path.split(separator):
        if isinstance(current, Mapping) and key in current:
            current = current[key]
        elif isinstance(current, list | tuple) and key.isdecimal() and int(key) < len(current):
            current = current[int(key)]
        else:
            return default
    return current


def set_nested(data: Mapping[str, Any], path: str, value: Any, *, separator: str = ".") -> dict[str, Any]:
    """Give a copy of `data` with a value set deep inside; what is missing on the way is made.

    Examples
    --------
    >>> set_nested({"a": {"b": 1}}, "a.c.d", 2)
    {'a': {'b': 1, 'c': {'d': 2}}}
    """
    change = value
    for key in reversed(path.split(separator)):
        change = {key: change}
    return deep_merge(data, change)
