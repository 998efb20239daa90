"""Single flight, for threads and for coroutines."""

from __future__ import annotations

import asyncio
import threading
import time
import traceback
from typing import Any

import anyio
import pytest

from ai_voice_shared.errors import CustomerLookupUnavailableError, DeadlineExceededError, NotFoundError, S3NotFoundError
from ai_voice_shared.services.customer_lookup.single_flight import AsyncSingleFlight, SingleFlight

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


class Blocked:
    """A call that blocks until a number of others wait for it."""

    def __init__(self, single_flight: SingleFlight[Any], outcome: Any) -> None:
        self.single_flight = single_flight
        self.outcome = outcome
        self.calls = 0
        self.started = threading.Event()
        self.go_on = threading.Event()

    def load(self) -> Any:
        """Return or raise the outcome when a test allows it."""
        self.calls += 1
        self.started.set()
        assert self.go_on.wait(10)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def run_with_followers(waiting: Blocked, count: int) -> list[Any]:
    """Run a leader and a number of followers; return what each got."""
    got: list[Any] = []

    def join() -> None:
        try:
            got.append(waiting.single_flight.run("key", waiting.load))
        except BaseException as error:  # noqa: BLE001 - what is raised is the outcome
            got.append(error)

    leader = threading.Thread(target=join)
    leader.start()
    assert waiting.started.wait(10)
    done = waiting.single_flight._calls["key"].done
    followers = [threading.Thread(target=join) for _ in range(count)]
    for thread in followers:
        thread.start()
    # Only the condition's own list shows how many wait.
    while len(done._cond._waiters) < count:
        time.sleep(0.001)
    waiting.go_on.set()
    for thread in [leader, *followers]:
        thread.join()
    return got


def test_all_callers_get_the_result_of_one_call() -> None:
    """Ten threads make one call and get one object."""
    response = object()
    waiting = Blocked(SingleFlight(), response)
    assert run_with_followers(waiting, 9) == [response] * 10
    assert waiting.calls == 1
    assert waiting.single_flight._calls == {}


def test_none_is_a_result() -> None:
    """None is shared as a result like any other."""
    waiting = Blocked(SingleFlight(), None)
    assert run_with_followers(waiting, 3) == [None] * 4
    assert waiting.calls == 1


def test_each_caller_gets_its_own_copy_of_an_error() -> None:
    """Each caller's copy of an error has its own traceback, the cause, and all attributes."""
    cause = OSError("refused")
    error = CustomerLookupUnavailableError("down", service="s", status_code=503, retry_after=7.0)
    error.__cause__ = cause
    waiting = Blocked(SingleFlight(), error)
    got = run_with_followers(waiting, 9)
    assert waiting.calls == 1
    assert len({id(error_copy) for error_copy in got}) == 10
    for error_copy in got:
        assert type(error_copy) is CustomerLookupUnavailableError
        assert (str(error_copy), error_copy.retry_after, error_copy.status_code, error_copy.__cause__) == (
            "down",
            7.0,
            503,
            cause,
        )
        # Its own frames down to where the leader failed, and no other caller's.
        frames = [frame.name for frame in traceback.extract_tb(error_copy.__traceback__)]
        assert frames in (["join", "run", "_run_leader", "load"], ["join", "run", "outcome", "_run_leader", "load"])


@pytest.mark.parametrize(
    "error",
    [NotFoundError("Customer", "7"), S3NotFoundError(bucket="b", key="k"), OSError(2, "gone"), KeyError("x")],
    ids=lambda error: type(error).__name__,
)
def test_any_error_can_be_copied(error: Exception) -> None:
    """An error is copied whatever arguments its class requires."""
    got = run_with_followers(Blocked(SingleFlight(), error), 2)
    assert [(type(error_copy), str(error_copy), vars(error_copy)) for error_copy in got] == [
        (type(error), str(error), vars(error))
    ] * 3


def test_an_error_that_cannot_be_copied_is_shared() -> None:
    """An error without a usable constructor, such as pydantic's, is raised as it is."""
    import pydantic

    with pytest.raises(pydantic.ValidationError) as caught:
        pydantic.TypeAdapter(int).validate_python("x")
    assert run_with_followers(Blocked(SingleFlight(), caught.value), 2) == [caught.value] * 3


def test_an_interrupted_leader_does_not_fail_the_others() -> None:
    """After an interrupted call, one of those who wait makes it again."""
    single_flight: SingleFlight[str] = SingleFlight()
    waiting = Blocked(single_flight, KeyboardInterrupt())
    second = Blocked(single_flight, "response")
    second.go_on.set()
    got: list[Any] = []

    def lead() -> None:
        with pytest.raises(KeyboardInterrupt):
            single_flight.run("key", waiting.load)

    leader = threading.Thread(target=lead)
    leader.start()
    assert waiting.started.wait(10)
    done = single_flight._calls["key"].done
    followers = [threading.Thread(target=lambda: got.append(single_flight.run("key", second.load))) for _ in range(3)]
    for thread in followers:
        thread.start()
    while len(done._cond._waiters) < 3:
        time.sleep(0.001)
    waiting.go_on.set()
    for thread in [leader, *followers]:
        thread.join()
    assert got == ["response"] * 3


def test_a_thread_waits_within_its_timeout() -> None:
    """A thread does not wait for another's slow call beyond its own timeout."""
    single_flight: SingleFlight[str] = SingleFlight()
    waiting = Blocked(single_flight, "late")
    leader = threading.Thread(target=lambda: single_flight.run("key", waiting.load))
    leader.start()
    assert waiting.started.wait(10)
    with pytest.raises(DeadlineExceededError):
        single_flight.run("key", waiting.load, timeout=0.01)
    waiting.go_on.set()
    leader.join()


def test_different_keys_are_different_calls() -> None:
    """Calls for different keys are separate, and a finished call is not reused."""
    single_flight: SingleFlight[str] = SingleFlight()
    assert single_flight.run("a", lambda: single_flight.run("b", lambda: "inner")) == "inner"
    assert single_flight.run("a", lambda: "again") == "again"


async def test_coroutines_share_a_call() -> None:
    """Ten coroutines make one call."""
    single_flight: AsyncSingleFlight[object] = AsyncSingleFlight()
    go_on, calls, got = anyio.Event(), list[int](), list[object]()

    async def load() -> object:
        calls.append(1)
        await go_on.wait()
        return calls

    async def join() -> None:
        got.append(await single_flight.run("key", load))

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(join)
        await anyio.wait_all_tasks_blocked()
        go_on.set()
    assert got == [calls] * 10
    assert calls == [1]
    assert single_flight._calls == {}


async def test_each_coroutine_gets_its_own_copy_of_an_error() -> None:
    """Each coroutine gets its own copy of an error."""
    single_flight: AsyncSingleFlight[None] = AsyncSingleFlight()
    go_on, got = anyio.Event(), list[BaseException]()

    async def load() -> None:
        await go_on.wait()
        raise CustomerLookupUnavailableError("down")

    async def join() -> None:
        with pytest.raises(CustomerLookupUnavailableError) as caught:
            await single_flight.run("key", load)
        got.append(caught.value)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(join)
        await anyio.wait_all_tasks_blocked()
        go_on.set()
    assert len({id(error) for error in got}) == 5
    assert {str(error) for error in got} == {"down"}


async def test_a_cancelled_leader_does_not_fail_the_others() -> None:
    """After a cancelled call, one of those who wait makes it again."""
    single_flight: AsyncSingleFlight[str] = AsyncSingleFlight()
    go_on, calls, got = anyio.Event(), list[int](), list[str]()

    async def load() -> str:
        calls.append(1)
        await go_on.wait()
        return "response"

    async def join() -> None:
        got.append(await single_flight.run("key", load))

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as others:
                others.start_soon(join)
                await anyio.wait_all_tasks_blocked()
                for _ in range(3):
                    tasks.start_soon(join)
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
        await anyio.wait_all_tasks_blocked()
        assert calls == [1, 1]
        go_on.set()
    assert got == ["response"] * 3


async def test_a_cancelled_follower_does_not_affect_the_call() -> None:
    """The leader gets its result after a follower was cancelled."""
    single_flight: AsyncSingleFlight[str] = AsyncSingleFlight()
    go_on, got = anyio.Event(), list[str]()

    async def load() -> str:
        await go_on.wait()
        return "response"

    async def join() -> None:
        got.append(await single_flight.run("key", load))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(join)
        await anyio.wait_all_tasks_blocked()
        with anyio.move_on_after(0.01):
            await join()
        go_on.set()
    assert got == ["response"]


async def test_a_coroutine_waits_within_its_timeout() -> None:
    """A coroutine does not wait for another's slow call beyond its own timeout."""
    single_flight: AsyncSingleFlight[None] = AsyncSingleFlight()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(single_flight.run, "key", anyio.sleep_forever)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(DeadlineExceededError):
            await single_flight.run("key", anyio.sleep_forever, timeout=0.01)
        tasks.cancel_scope.cancel()


def test_event_loops_do_not_wait_for_each_other() -> None:
    """Coroutines of different event loops do not share calls."""
    single_flight: AsyncSingleFlight[str] = AsyncSingleFlight()
    inside, go_on, got = threading.Event(), threading.Event(), list[str]()

    async def slow() -> str:
        inside.set()
        await anyio.to_thread.run_sync(go_on.wait, 10)
        return "slow"

    async def fast() -> str:
        return "fast"

    thread = threading.Thread(target=lambda: got.append(asyncio.run(single_flight.run("key", slow))))
    thread.start()
    assert inside.wait(10)
    assert asyncio.run(single_flight.run("key", fast)) == "fast"
    go_on.set()
    thread.join()
    assert got == ["slow"]
