"""Attributes that are created once, also by concurrent threads."""

from __future__ import annotations

import threading

import pytest

from ai_voice_shared._once import locked_cached_property

pytestmark = pytest.mark.unit


def test_concurrent_threads_get_the_same_object() -> None:
    """Thirty-two threads that read the attribute at the same time get one object."""
    together = threading.Barrier(32)
    built: list[object] = []

    class Example:
        @locked_cached_property
        def part(self) -> object:
            """Build it."""
            built.append(object())
            return built[-1]

    example = Example()
    seen: list[object] = []

    def read() -> None:
        together.wait(10)
        seen.append(example.part)

    threads = [threading.Thread(target=read) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
    assert set(seen) == set(built)


def test_each_instance_has_its_own_object() -> None:
    """Each instance has its own object, and the class attribute has the docstring."""

    class Example:
        @locked_cached_property
        def part(self) -> list[int]:
            """Build it."""
            return []

    assert Example().part is not Example().part
    assert Example.part.__doc__ == "Build it."


def test_a_failure_is_not_cached() -> None:
    """After an exception, the next access creates the object again."""
    errors: list[Exception] = [KeyError()]

    class Example:
        @locked_cached_property
        def part(self) -> str:
            """Build it."""
            if errors:
                raise errors.pop()
            return "built"

    example = Example()
    with pytest.raises(KeyError):
        _ = example.part
    assert example.part == "built"


def test_an_attribute_can_use_another() -> None:
    """Creating an attribute may read another one of the same instance."""

    class Example:
        @locked_cached_property
        def one(self) -> int:
            """Build it."""
            return 1

        @locked_cached_property
        def two(self) -> int:
            """Build it."""
            return self.one + 1

    assert Example().two == 2
