"""Deadlines: the time that is left, and where a deadline is visible."""

from __future__ import annotations

import contextvars
import threading

import anyio
import pytest

from ai_voice_shared.errors import DeadlineExceededError
from ai_voice_shared.utils.deadline import Deadline, current_deadline, use_deadline

pytestmark = pytest.mark.unit


class Clock:
    """A clock that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Context:
    """Lambda's context with 3 s left."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds."""
        return 3000


def test_the_remaining_time_decreases_to_zero() -> None:
    """The remaining time decreases to zero and is never negative."""
    clock = Clock()
    deadline = Deadline(5, clock=clock)
    clock.now += 2
    assert deadline.remaining() == 3
    clock.now += 4
    assert deadline.remaining() == 0


def test_a_limit_is_cut_to_what_is_left() -> None:
    """A limit is the shorter of the timeout and the remaining time."""
    deadline = Deadline(5, clock=Clock())
    assert (deadline.limit(3), deadline.limit(30)) == (3, 5)


def test_a_limit_after_the_deadline_is_an_error() -> None:
    """After the deadline a limit is an error that names the service and is not retryable."""
    message = "the-service: deadline exceeded before the request was sent"
    with pytest.raises(DeadlineExceededError, match=message) as caught:
        Deadline(0, clock=Clock()).limit(1, service="the-service")
    assert not caught.value.retryable
    assert caught.value.service == "the-service"


def test_an_earlier_one_never_ends_later() -> None:
    """`earlier` returns the earlier of the two deadlines, on the same clock."""
    clock = Clock()
    outer = Deadline(5, clock=clock)
    assert outer.earlier(3).remaining() == 3
    assert outer.earlier(30).remaining() == 5
    clock.now += 10
    assert outer.earlier(30).remaining() == 0


def test_an_invocation_s_deadline_keeps_a_reserve() -> None:
    """The deadline of an invocation reserves time for the response and the logs."""
    assert Deadline.from_context(Context()).remaining() == pytest.approx(2.5, abs=0.1)
    assert Deadline.from_context(Context(), reserve=1).remaining() == pytest.approx(2, abs=0.1)
    assert Deadline.from_context(Context(), reserve=9).remaining() == 0


def test_it_is_current_for_its_block() -> None:
    """A deadline is current for its block, and the previous one again afterwards."""
    assert current_deadline() is None
    with use_deadline(Deadline(5)) as outer:
        with use_deadline(Deadline(1)) as inner:
            assert current_deadline() is inner
        assert current_deadline() is outer
    assert current_deadline() is None


def test_a_deadline_is_never_extended() -> None:
    """A later deadline in an inner block does not replace the current one."""
    with use_deadline(Deadline(5)) as outer, use_deadline(Deadline(60)) as inner:
        assert inner is outer


def test_an_exception_ends_it_too() -> None:
    """An exception that leaves the block restores the previous deadline."""
    with pytest.raises(KeyError), use_deadline(Deadline(5)):
        raise KeyError
    assert current_deadline() is None


def test_threads_have_their_own_unless_they_copy_it() -> None:
    """A thread sees the deadline only if it runs in a copy of the context."""
    seen: list[Deadline | None] = []
    with use_deadline(Deadline(5)) as deadline:
        copied = contextvars.copy_context()
        for target in (lambda: seen.append(current_deadline()), lambda: copied.run(seen.append, deadline)):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
    assert seen == [None, deadline]


@pytest.mark.anyio
async def test_tasks_and_worker_threads_inherit_it() -> None:
    """Tasks and worker threads that are started in the block see its deadline."""
    seen: list[Deadline | None] = []

    async def child() -> None:
        seen.append(current_deadline())
        seen.append(await anyio.to_thread.run_sync(current_deadline))

    with use_deadline(Deadline(5)) as deadline:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(child)
    assert seen == [deadline, deadline]


def test_the_repr_contains_the_remaining_time() -> None:
    """The repr of a deadline contains the remaining time, for debugging."""
    assert repr(Deadline(1.5, clock=Clock())) == "Deadline(1.500 s left)"
