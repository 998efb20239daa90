"""Attributes that are created once."""

from __future__ import annotations

import threading

import pytest

from ai_voice_shared._once import locked_cached_property

pytestmark = pytest.mark.unit


def test_threads_that_ask_at_once_get_the_same() -> None:
    """Thirty-two threads, one object."""
    together = threading.Barrier(32)
    built: list[object] = []

    class Thing:
        @locked_cached_property
        def part(self) -> object:
            """Build it."""
            built.append(object())
            return built[-1]

    thing = Thing()
    seen: list[object] = []

    def ask() -> None:
        together.wait(10)
        seen.append(thing.part)

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
    assert set(seen) == set(built)


def test_each_instance_has_its_own() -> None:
    """And the class has the description."""

    class Thing:
        @locked_cached_property
        def part(self) -> list[int]:
            """Build it."""
            return []

    assert Thing().part is not Thing().part
    assert Thing.part.__doc__ == "Build it."


def test_what_fails_is_created_again() -> None:
    """A failure is not stored."""
    errors: list[Exception] = [KeyError()]

    class Thing:
        @locked_cached_property
        def part(self) -> str:
            """Build it."""
            if errors:
                raise errors.pop()
            return "built"

    thing = Thing()
    with pytest.raises(KeyError):
        _ = thing.part
    assert thing.part == "built"


def test_one_may_need_another() -> None:
    """Of the same instance, from one thread."""

    class Thing:
        @locked_cached_property
        def one(self) -> int:
            """Build it."""
            return 1

        @locked_cached_property
        def two(self) -> int:
            """Build it."""
            return self.one + 1

    assert Thing().two == 2
