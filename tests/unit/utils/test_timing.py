"""Durations of blocks and functions."""

from __future__ import annotations

import logging
from inspect import iscoroutinefunction

import pytest

from ai_voice_shared.utils import Timer, timed

pytestmark = pytest.mark.unit


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace the clock by one that a test sets, in seconds."""
    now = [10.0]
    monkeypatch.setattr("ai_voice_shared.utils.timing.time.perf_counter", lambda: now[0])
    return now


def test_a_block_is_measured(clock: list[float]) -> None:
    """The timer runs in the block and stops afterwards."""
    timer = Timer("work")
    assert timer.elapsed_ms == 0.0
    with timer:
        clock[0] += 1
        assert timer.elapsed_ms == 1000.0
        clock[0] += 1
    clock[0] += 5
    assert (timer.elapsed_ms, timer.failed) == (2000.0, False)


def test_a_block_that_fails_is_measured_too() -> None:
    """A block that raises is measured and reported as failed, and the error is raised."""
    reports: list[bool] = []
    with pytest.raises(KeyError), Timer("work", report=lambda timer: reports.append(timer.failed)):
        raise KeyError
    assert reports == [True]


@pytest.mark.anyio
async def test_an_async_block_and_an_async_function_are_measured(clock: list[float]) -> None:
    """Time that is awaited counts towards the duration."""
    reports: list[Timer] = []

    @timed("fetch", report=reports.append)
    async def fetch(value: int) -> int:
        async with Timer() as inner:
            clock[0] += 0.5
        assert inner.elapsed_ms == 500.0
        return value

    assert iscoroutinefunction(fetch)
    assert await fetch(3) == 3
    assert [(timer.name, timer.elapsed_ms) for timer in reports] == [("fetch", 500.0)]


def test_a_plain_decorator_logs_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Without arguments the decorator logs one line with the function's name."""

    @timed
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    with caplog.at_level(logging.INFO, "ai_voice_shared"):
        assert add(1, b=2) == 3
    assert add.__doc__ == "Add."
    (record,) = caplog.records
    assert str(vars(record)["operation"]).endswith("add")
    assert vars(record)["ok"] is True
    assert vars(record)["duration_ms"] >= 0
