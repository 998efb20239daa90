"""One flight for each key, for threads and for coroutines."""

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


class Waiting:
    """A flight that is held until so many others wait for it."""

    def __init__(self, single_flight: SingleFlight[Any], outcome: Any) -> None:
        self.single_flight = single_flight
        self.outcome = outcome
        self.calls = 0
        self.started = threading.Event()
        self.go_on = threading.Event()

    def load(self) -> Any:
        """Answer when told to."""
        self.calls += 1
        self.started.set()
        assert self.go_on.wait(10)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def follow(waiting: Waiting, count: int) -> list[Any]:
    """Let one lead and so many follow; gives what each has got."""
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
    # The condition's own list says how many wait; there is no event for it.
    while len(done._cond._waiters) < count:
        time.sleep(0.001)
    waiting.go_on.set()
    for thread in [leader, *followers]:
        thread.join()
    return got


def test_all_who_wait_get_the_answer_of_one_call() -> None:
    """Ten threads, one call, one object."""
    answer = object()
    waiting = Waiting(SingleFlight(), answer)
    assert follow(waiting, 9) == [answer] * 10
    assert waiting.calls == 1
    assert waiting.single_flight._calls == {}


def test_none_is_an_answer() -> None:
    """As any other."""
    waiting = Waiting(SingleFlight(), None)
    assert follow(waiting, 3) == [None] * 4
    assert waiting.calls == 1


def test_an_error_reaches_all_and_each_has_its_own() -> None:
    """With its own traceback, the leader's cause, and all that the error knows."""
    cause = OSError("refused")
    error = CustomerLookupUnavailableError("down", service="s", status_code=503, retry_after=7.0)
    error.__cause__ = cause
    waiting = Waiting(SingleFlight(), error)
    got = follow(waiting, 9)
    assert waiting.calls == 1
    assert len({id(one) for one in got}) == 10
    for one in got:
        assert type(one) is CustomerLookupUnavailableError
        assert (str(one), one.retry_after, one.status_code, one.__cause__) == ("down", 7.0, 503, cause)
        # Its own way down, to where the leader's failed, and nobody else's.
        frames = [frame.name for frame in traceback.extract_tb(one.__traceback__)]
        assert frames in (["join", "run", "_run_leader", "load"], ["join", "run", "outcome", "_run_leader", "load"])


@pytest.mark.parametrize(
    "error",
    [NotFoundError("Customer", "7"), S3NotFoundError(bucket="b", key="k"), OSError(2, "gone"), KeyError("x")],
    ids=lambda error: type(error).__name__,
)
def test_any_error_is_copied_as_it_is(error: Exception) -> None:
    """Whatever arguments its class wants."""
    got = follow(Waiting(SingleFlight(), error), 2)
    assert [(type(one), str(one), vars(one)) for one in got] == [(type(error), str(error), vars(error))] * 3


def test_an_error_that_cannot_be_copied_is_passed_on() -> None:
    """Such as pydantic's, which has no constructor."""
    import pydantic

    with pytest.raises(pydantic.ValidationError) as caught:
        pydantic.TypeAdapter(int).validate_python("x")
    assert follow(Waiting(SingleFlight(), caught.value), 2) == [caught.value] * 3


def test_an_interrupted_leader_leaves_the_question_to_the_others() -> None:
    """One of them asks anew; the interruption is not theirs."""
    single_flight: SingleFlight[str] = SingleFlight()
    waiting = Waiting(single_flight, KeyboardInterrupt())
    second = Waiting(single_flight, "answer")
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
    assert got == ["answer"] * 3


def test_whoever_waits_does_so_within_its_time() -> None:
    """Somebody else's slow call is no reason to miss one's own deadline."""
    single_flight: SingleFlight[str] = SingleFlight()
    waiting = Waiting(single_flight, "late")
    leader = threading.Thread(target=lambda: single_flight.run("key", waiting.load))
    leader.start()
    assert waiting.started.wait(10)
    with pytest.raises(DeadlineExceededError):
        single_flight.run("key", waiting.load, timeout=0.01)
    waiting.go_on.set()
    leader.join()


def test_different_keys_fly_apart() -> None:
    """And what has done is asked anew."""
    single_flight: SingleFlight[str] = SingleFlight()
    assert single_flight.run("a", lambda: single_flight.run("b", lambda: "inner")) == "inner"
    assert single_flight.run("a", lambda: "again") == "again"


async def test_coroutines_share_a_flight() -> None:
    """Ten of them, one call."""
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


async def test_an_error_reaches_all_coroutines() -> None:
    """Each has its own."""
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
    """One of them leads from then on."""
    single_flight: AsyncSingleFlight[str] = AsyncSingleFlight()
    go_on, calls, got = anyio.Event(), list[int](), list[str]()

    async def load() -> str:
        calls.append(1)
        await go_on.wait()
        return "answer"

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
    assert got == ["answer"] * 3


async def test_a_cancelled_follower_leaves_the_flight_alone() -> None:
    """The leader lands as if nothing had been."""
    single_flight: AsyncSingleFlight[str] = AsyncSingleFlight()
    go_on, got = anyio.Event(), list[str]()

    async def load() -> str:
        await go_on.wait()
        return "answer"

    async def join() -> None:
        got.append(await single_flight.run("key", load))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(join)
        await anyio.wait_all_tasks_blocked()
        with anyio.move_on_after(0.01):
            await join()
        go_on.set()
    assert got == ["answer"]


async def test_a_coroutine_waits_within_its_time() -> None:
    """As a thread does."""
    single_flight: AsyncSingleFlight[None] = AsyncSingleFlight()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(single_flight.run, "key", anyio.sleep_forever)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(DeadlineExceededError):
            await single_flight.run("key", anyio.sleep_forever, timeout=0.01)
        tasks.cancel_scope.cancel()


def test_event_loops_do_not_wait_for_each_other() -> None:
    """Each loop has single_flight of its own."""
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
