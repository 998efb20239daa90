"""Deadlines: how much time is left, and who sees it."""

from __future__ import annotations

import contextvars
import threading

import anyio
import pytest

from ai_voice_shared.errors import DeadlineExceededError
from ai_voice_shared.utils.deadline import Deadline, current_deadline, use_deadline

pytestmark = pytest.mark.unit


class Clock:
    """A clock that is put forward by hand."""

    now = 100.0

    def __call__(self) -> float:
        """Give its time."""
        return self.now


class Context:
    """Lambda's context with 3 s left."""

    def get_remaining_time_in_millis(self) -> int:
        """Give the milliseconds."""
        return 3000


def test_what_is_left_goes_down_to_nothing() -> None:
    """And never below."""
    clock = Clock()
    deadline = Deadline(5, clock=clock)
    clock.now += 2
    assert deadline.remaining() == 3
    clock.now += 4
    assert deadline.remaining() == 0


def test_a_limit_is_cut_to_what_is_left() -> None:
    """The shorter of the two counts."""
    deadline = Deadline(5, clock=Clock())
    assert (deadline.limit(3), deadline.limit(30)) == (3, 5)


def test_without_time_left_nobody_is_asked() -> None:
    """The error names who would have been, and a retry makes no sense."""
    with pytest.raises(DeadlineExceededError, match="no time is left to ask the-service") as caught:
        Deadline(0, clock=Clock()).limit(1, service="the-service")
    assert not caught.value.retryable
    assert caught.value.service == "the-service"


def test_an_earlier_one_never_ends_later() -> None:
    """Whichever comes first, on the same clock."""
    clock = Clock()
    outer = Deadline(5, clock=clock)
    assert outer.earlier(3).remaining() == 3
    assert outer.earlier(30).remaining() == 5
    clock.now += 10
    assert outer.earlier(30).remaining() == 0


def test_an_invocation_s_deadline_keeps_a_reserve() -> None:
    """The answer and the logs want time as well."""
    assert Deadline.from_context(Context()).remaining() == pytest.approx(2.5, abs=0.1)
    assert Deadline.from_context(Context(), reserve=1).remaining() == pytest.approx(2, abs=0.1)
    assert Deadline.from_context(Context(), reserve=9).remaining() == 0


def test_it_is_current_for_its_block() -> None:
    """And what was before is after."""
    assert current_deadline() is None
    with use_deadline(Deadline(5)) as outer:
        with use_deadline(Deadline(1)) as inner:
            assert current_deadline() is inner
        assert current_deadline() is outer
    assert current_deadline() is None


def test_it_is_never_put_off() -> None:
    """A later one inside changes nothing."""
    with use_deadline(Deadline(5)) as outer, use_deadline(Deadline(60)) as inner:
        assert inner is outer


def test_an_exception_ends_it_too() -> None:
    """The block is left either way."""
    with pytest.raises(KeyError), use_deadline(Deadline(5)):
        raise KeyError
    assert current_deadline() is None


def test_threads_have_their_own_unless_they_copy_it() -> None:
    """As with every context variable."""
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
    """What is started inside the block sees it."""
    seen: list[Deadline | None] = []

    async def child() -> None:
        seen.append(current_deadline())
        seen.append(await anyio.to_thread.run_sync(current_deadline))

    with use_deadline(Deadline(5)) as deadline:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(child)
    assert seen == [deadline, deadline]


def test_its_repr_says_what_is_left() -> None:
    """For a debugger."""
    assert repr(Deadline(1.5, clock=Clock())) == "Deadline(1.500 s left)"
