"""The correlation id."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ai_voice_shared.observability.correlation import (
    correlation_id_from_event,
    get_correlation_id,
    use_correlation_id,
)

pytestmark = pytest.mark.unit


def test_blocks_nest() -> None:
    """An inner block has its own id, and the outer id is restored after it, even after an error."""

    def work() -> None:
        with use_correlation_id("inner"):
            assert get_correlation_id() == "inner"
            raise ValueError("stop")

    with use_correlation_id("outer"):
        with pytest.raises(ValueError, match="stop"):
            work()
        assert get_correlation_id() == "outer"
    assert get_correlation_id() is None


@pytest.mark.parametrize("bad", [None, "", "two\nlines", "a b", "é", "x" * 129])
def test_an_id_that_is_not_valid_in_a_header_is_replaced(bad: str | None) -> None:
    """An untrusted id that could split a header or a log line is replaced by a new one."""
    with use_correlation_id(bad) as created:
        assert created != bad
        assert len(created) == 36


def test_concurrent_tasks_do_not_mix() -> None:
    """Each task of an event loop has its own correlation id."""

    async def work(name: str) -> str | None:
        with use_correlation_id(name):
            await asyncio.sleep(0)
            return get_correlation_id()

    async def both() -> list[str | None]:
        return list(await asyncio.gather(work("a"), work("b")))

    assert asyncio.run(both()) == ["a", "b"]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"headers": {"X-Correlation-ID": "one"}}, "one"),
        ({"headers": None, "multiValueHeaders": {"x-correlation-id": ["first", "last"]}}, "last"),
        ({"correlation_id": "direct"}, "direct"),
        ({"headers": {}, "requestContext": {"requestId": "Kx1"}}, "Kx1"),
        ({"headers": {"x-correlation-id": "a b"}, "requestContext": {"requestId": "Kx1"}}, "Kx1"),
        ({"Records": []}, None),
    ],
)
def test_the_id_is_read_from_every_kind_of_event(event: dict[str, Any], expected: str | None) -> None:
    """The id is that of the header, else a direct invoke's own field, else API Gateway's request id."""
    assert correlation_id_from_event(event) == expected
