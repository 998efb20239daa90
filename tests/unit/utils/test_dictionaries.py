"""Nested dictionaries are merged, flattened and accessed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.utils import deep_merge, flatten_dict, get_nested, set_nested, unflatten_dict

pytestmark = pytest.mark.unit

KEYS = st.text(alphabet="abcde", min_size=1, max_size=2)
LEAVES = st.none() | st.integers() | st.lists(st.integers(), max_size=2)
NESTED: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.dictionaries(KEYS, LEAVES, min_size=1, max_size=3),
    lambda children: st.dictionaries(KEYS, LEAVES | children, min_size=1, max_size=3),
    max_leaves=8,
)


@given(NESTED, NESTED, NESTED)
def test_merging_is_associative_and_changes_nothing(a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]) -> None:
    """Merging is associative, and does not change its arguments."""
    before = deepcopy((a, b, c))
    assert deep_merge(deep_merge(a, b), c) == deep_merge(a, b, c)
    assert deep_merge(a, {}) == a == deep_merge({}, a) == deep_merge(a, a)
    assert (a, b, c) == before


def test_a_merge_is_a_deep_copy() -> None:
    """Changing the result of a merge does not change its arguments."""
    base: dict[str, Any] = {"a": {"b": [1]}}
    deep_merge(base)["a"]["b"].append(2)
    assert base == {"a": {"b": [1]}}


@given(NESTED)
def test_flattening_can_be_undone(nested: dict[str, Any]) -> None:
    """Unflattening restores all levels, and each flat key is the path of its value."""
    flat = flatten_dict(nested)
    assert unflatten_dict(flat) == nested
    for path, value in flat.items():
        assert get_nested(nested, path, "missing") == value


@pytest.mark.parametrize("flat", [{"a": 1, "a.b": 2}, {"a.b": 2, "a": 1}])
def test_a_key_cannot_be_a_value_and_a_prefix(flat: dict[str, Any]) -> None:
    """A key that is both a value and a prefix is rejected in either order."""
    with pytest.raises(ValueError, match="a"):
        unflatten_dict(flat)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("messages.0.body", "hi"),
        ("messages.1.body", "default"),
        ("messages.-1", "default"),
        ("nothing", "default"),
        ("none", None),
        ("none.deeper", "default"),
    ],
)
def test_a_value_is_read_by_its_path(path: str, expected: object) -> None:
    """A path that does not exist returns the default; None is a value."""
    data = {"messages": [{"body": "hi"}], "none": None}
    assert get_nested(data, path, "default") == expected


@given(NESTED, st.lists(KEYS, min_size=1, max_size=3), st.integers())
def test_a_value_is_set_in_a_copy(nested: dict[str, Any], keys: list[str], value: int) -> None:
    """A value that is set is at its path in the copy, and the original is unchanged."""
    before = deepcopy(nested)
    path = ".".join(keys)
    assert get_nested(set_nested(nested, path, value), path) == value
    assert nested == before
