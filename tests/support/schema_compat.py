"""Detect changes of a JSON schema that break users of the old one.

The schemas of events are stored as files. Producers and consumers are deployed one after the other, so a change must
be readable in both directions: only new optional fields are safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Change", "compare_schemas"]

_WORDING = {"title", "description", "default", "examples"}
_STRUCTURE = {"properties", "required", "items", "additionalProperties", "anyOf", "enum", "$ref", "$defs", "type"}


@dataclass(frozen=True)
class Change:
    """A difference: where, what, and whether it is breaking."""

    path: str
    what: str
    breaking: bool

    def __str__(self) -> str:
        return f"{'BREAKING' if self.breaking else 'additive'}: {self.path}: {self.what}"


def compare_schemas(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Return the changes from the old schema to the new one."""
    return list(_compare(_resolved(old, old), _resolved(new, new), "$"))


def _resolved(node: Any, root: Mapping[str, Any]) -> Any:
    """Replace references by their definitions, so that a renamed definition is not a change."""
    if isinstance(node, list):
        return [_resolved(item, root) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        definition = root["$defs"][node["$ref"].rpartition("/")[2]]
        rest = {key: value for key, value in node.items() if key != "$ref"}
        return _resolved({**definition, **rest}, root)
    return {key: _resolved(value, root) for key, value in node.items() if key != "$defs"}


def _compare(old: Any, new: Any, path: str) -> Iterator[Change]:
    if old == new:
        return
    if not (isinstance(old, dict) and isinstance(new, dict)):
        yield Change(path, f"changed from {old!r} to {new!r}", breaking=True)
        return
    for word in sorted(_WORDING):
        if old.get(word) != new.get(word):
            yield Change(path, f"another {word}", breaking=False)
    if old.get("type") != new.get("type"):
        yield Change(path, f"another type: {old.get('type')} became {new.get('type')}", breaking=True)
    yield from _compare_fields(old, new, path)
    yield from _compare_enums(old, new, path)
    yield from _compare_inner(old, new, path)
    for rule in sorted({*old, *new} - _WORDING - _STRUCTURE):
        if old.get(rule) != new.get(rule):
            # Data of a new producer may break a removed rule in an old consumer.
            yield Change(path, f"another {rule}: {old.get(rule)!r} became {new.get(rule)!r}", breaking=True)


def _compare_fields(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before.keys() - after.keys():
        yield Change(f"{path}.{name}", "the field was removed or renamed", breaking=True)
    required_before, required_after = set(old.get("required", ())), set(new.get("required", ()))
    for name in after.keys() - before.keys():
        if name in required_after:
            yield Change(f"{path}.{name}", "a new field is required", breaking=True)
        else:
            yield Change(f"{path}.{name}", "a new optional field", breaking=False)
    for name in sorted(before.keys() & after.keys()):
        if (name in required_before) != (name in required_after):
            word = "required" if name in required_after else "optional"
            yield Change(f"{path}.{name}", f"the field became {word}", breaking=True)
        yield from _compare(before[name], after[name], f"{path}.{name}")


def _compare_enums(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Change]:
    before, after = set(old.get("enum", ())), set(new.get("enum", ()))
    if before - after or (not before and after):
        yield Change(path, f"the values {sorted(before - after) or sorted(after)} are another choice", breaking=True)
    elif after - before:
        # Enumerations of events parse unknown values as `unknown`, which their tests cover.
        yield Change(path, f"new values {sorted(after - before)}", breaking=False)


def _compare_inner(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Change]:
    for word in ("items", "additionalProperties"):
        if old.get(word) != new.get(word):
            yield from _compare(old.get(word), new.get(word), f"{path}[]")
    before, after = old.get("anyOf", []), new.get("anyOf", [])
    if len(before) != len(after):
        yield Change(path, "another choice of types", breaking=True)
    for index, (mine, other) in enumerate(zip(before, after, strict=False)):
        yield from _compare(mine, other, f"{path}|{index}")
