"""Merge, flatten and access nested dictionaries. The arguments are never changed."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

__all__ = ["deep_merge", "flatten_dict", "get_nested", "set_nested", "unflatten_dict"]


def deep_merge(base: Mapping[str, Any], *others: Mapping[str, Any]) -> dict[str, Any]:
    """Merge mappings into a new dictionary; later values replace earlier ones, except that mappings are merged.

    Examples
    --------
    >>> deep_merge({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}, "b": [4]})
    {'a': {'x': 1, 'y': 3}, 'b': [4]}
    """
    merged = _copy_mapping(base)
    for other in others:
        for key, value in other.items():
            current = merged.get(key)
            both = isinstance(current, Mapping) and isinstance(value, Mapping)
            merged[key] = deep_merge(current, value) if both else _copy_value(value)  # type: ignore[arg-type]
    return merged


def _copy_mapping(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copy_value(value) for key, value in mapping.items()}


def _copy_value(value: Any) -> Any:
    return _copy_mapping(value) if isinstance(value, Mapping) else deepcopy(value)


def flatten_dict(nested: Mapping[str, Any], *, separator: str = ".") -> dict[str, Any]:
    """Flatten nested mappings into one level by joining their keys. An empty inner mapping is a value.

    Parameters
    ----------
    nested
        Mappings inside mappings; lists are values.
    separator
        Separates the joined keys.

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
    """Restore the levels that `flatten_dict` has joined.

    Raises
    ------
    ValueError
        A key is both a value and the prefix of another key.

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
                msg = f"a prefix of {key!r} is itself a value"
                raise ValueError(msg)  # noqa: TRY004 - the type is right, the combination is not
        if last in level:
            msg = f"{key!r} occurs twice"
            raise ValueError(msg)
        level[last] = value
    return nested


def get_nested(data: Any, path: str, default: Any = None, *, separator: str = ".") -> Any:
    """Return the value at a path through dictionaries and lists, or a default.

    Parameters
    ----------
    data
        Nested mappings and lists.
    path
        Keys and list indexes (`"messages.0.body"`).
    default
        Returned if the path does not exist. None at the end of a path is a value.
    separator
        Separates the keys.

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
    """Return a copy of `data` with the value at a path set; missing levels are created.

    Examples
    --------
    >>> set_nested({"a": {"b": 1}}, "a.c.d", 2)
    {'a': {'b': 1, 'c': {'d': 2}}}
    """
    change = value
    for key in reversed(path.split(separator)):
        change = {key: change}
    return deep_merge(data, change)
