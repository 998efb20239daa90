"""The circuit breaker: opens, probes, closes, for functions and coroutines, in memory and on a table."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import threading
import uuid
from typing import TYPE_CHECKING, Any

import anyio
import boto3
import pytest
from moto import mock_aws

from ai_voice_shared.errors import (
    CircuitOpenError,
    ConfigurationError,
    DeadlineExceededError,
    NotFoundError,
    ServiceUnavailableError,
)
from ai_voice_shared.resilience import circuit_breaker, circuit_stores
from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker, dynamodb_store, is_failure
from ai_voice_shared.testing.aws import isolate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


class Clock:
    """Powertools' clock, put forward by hand."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        """Give seconds since 1970."""
        return int(dt.datetime.now(tz=dt.UTC).timestamp()) + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give the clock of the machine."""
    from aws_lambda_powertools.utilities.circuit_breaker.base import CircuitBreakerHandler

    made = Clock()
    monkeypatch.setattr(CircuitBreakerHandler, "_now", staticmethod(made.now))
    return made


@pytest.fixture
def name() -> str:
    """Give a circuit that nobody else has."""
    return f"circuit-{uuid.uuid4()}"


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Any:
    """Give `call` and `call_async` in turn, as coroutine functions."""

    async def either(breaker: CircuitBreaker, function: Callable[[], Any]) -> Any:
        if request.param == "sync":
            return breaker.call(function)

        async def later() -> Any:
            await anyio.lowlevel.checkpoint()
            return function()

        return await breaker.call_async(later)

    return either


@pytest.fixture
def table() -> Iterator[Any]:
    """Give a DynamoDB client, and a table called circuits, on moto."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        region = isolate(patch)
        client = boto3.client("dynamodb", region_name=region)
        client.create_table(
            TableName="circuits",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


def fail() -> None:
    """Fail as a server that is down does."""
    raise ServiceUnavailableError


async def failing(call: Any, breaker: CircuitBreaker, times: int) -> None:
    """Let so many calls fail."""
    for _ in range(times):
        with pytest.raises(ServiceUnavailableError):
            await call(breaker, fail)


async def test_it_opens_after_failures_in_a_row(call: Any, name: str) -> None:
    """Then nobody is asked, and the error says when to come back."""
    breaker = CircuitBreaker(name, failure_threshold=3, recovery_timeout=30)
    calls: list[int] = []
    await failing(call, breaker, 3)
    with pytest.raises(CircuitOpenError, match=f"{name} failed too often") as caught:
        await call(breaker, lambda: calls.append(1))
    assert calls == []
    assert caught.value.retry_after is not None
    assert 1 <= caught.value.retry_after <= 30
    assert not caught.value.retryable


async def test_a_success_between_starts_the_count_anew(call: Any, name: str) -> None:
    """Failures in a row are meant."""
    breaker = CircuitBreaker(name, failure_threshold=3)
    for _ in range(4):
        await failing(call, breaker, 2)
        assert await call(breaker, lambda: "fine") == "fine"


async def test_one_probe_closes_it(call: Any, name: str, clock: Clock) -> None:
    """After the recovery time the next call is let through, and if it succeeds so are all."""
    breaker = CircuitBreaker(name, failure_threshold=2, recovery_timeout=30)
    await failing(call, breaker, 2)
    clock.ahead = 31
    assert await call(breaker, lambda: "probe") == "probe"
    assert await call(breaker, lambda: "next") == "next"
    # It counts from nothing again.
    await failing(call, breaker, 1)
    assert await call(breaker, lambda: "next") == "next"


async def test_a_failed_probe_opens_it_again(call: Any, name: str, clock: Clock) -> None:
    """For the whole recovery time."""
    breaker = CircuitBreaker(name, failure_threshold=2, recovery_timeout=30)
    await failing(call, breaker, 2)
    clock.ahead = 31
    await failing(call, breaker, 1)
    with pytest.raises(CircuitOpenError):
        await call(breaker, lambda: "no")
    clock.ahead = 62
    assert await call(breaker, lambda: "yes") == "yes"


async def test_more_probes_can_be_asked_for(call: Any, name: str, clock: Clock) -> None:
    """One success is not enough where two are wanted."""
    breaker = CircuitBreaker(name, failure_threshold=1, recovery_timeout=30, success_threshold=2)
    await failing(call, breaker, 1)
    clock.ahead = 31
    assert await call(breaker, lambda: 1) == 1
    await failing(call, breaker, 1)
    with pytest.raises(CircuitOpenError):
        await call(breaker, lambda: 2)
    clock.ahead = 62
    for _ in range(3):
        assert await call(breaker, lambda: 3) == 3


@pytest.mark.parametrize("error", [NotFoundError("Customer"), ConfigurationError(), DeadlineExceededError()])
async def test_what_does_not_speak_against_the_server_does_not_count(call: Any, name: str, error: Exception) -> None:
    """Nor does a call that was never made."""
    breaker = CircuitBreaker(name, failure_threshold=1)

    def refuse() -> None:
        raise error

    for _ in range(3):
        with pytest.raises(type(error)):
            await call(breaker, refuse)
    assert await call(breaker, lambda: "fine") == "fine"


async def test_a_probe_that_is_told_what_is_wrong_with_it_closes_the_circuit(
    call: Any, name: str, clock: Clock
) -> None:
    """A server that says "not found" is well."""
    breaker = CircuitBreaker(name, failure_threshold=1, recovery_timeout=30)
    await failing(call, breaker, 1)
    clock.ahead = 31

    def refuse() -> None:
        raise NotFoundError("Customer")

    with pytest.raises(NotFoundError):
        await call(breaker, refuse)
    clock.ahead = 0
    assert await call(breaker, lambda: "fine") == "fine"


async def test_who_counts_can_be_told(call: Any, name: str) -> None:
    """Any predicate on the error."""
    breaker = CircuitBreaker(name, failure_threshold=1, is_failure=lambda error: isinstance(error, KeyError))
    await failing(call, breaker, 3)

    def missing() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await call(breaker, missing)
    with pytest.raises(CircuitOpenError):
        await call(breaker, lambda: None)


async def test_circuits_of_one_name_are_one(call: Any, name: str) -> None:
    """Whoever comes later sees it open at once; others do not."""
    await failing(call, CircuitBreaker(name, failure_threshold=2), 2)
    with pytest.raises(CircuitOpenError):
        await call(CircuitBreaker(name), lambda: None)
    assert await call(CircuitBreaker(f"{name}-2"), lambda: "fine") == "fine"


def test_one_thread_probes(name: str, clock: Clock) -> None:
    """The others are told that the circuit is open."""
    breaker = CircuitBreaker(name, failure_threshold=1, recovery_timeout=30)
    with pytest.raises(ServiceUnavailableError):
        breaker.call(fail)
    clock.ahead = 31
    inside, go_on, outcomes = threading.Event(), threading.Event(), list[Any]()

    def probe() -> None:
        inside.set()
        assert go_on.wait(10)

    prober = threading.Thread(target=lambda: outcomes.append(breaker.call(probe)))
    prober.start()
    assert inside.wait(10)
    for _ in range(5):
        with pytest.raises(CircuitOpenError):
            breaker.call(lambda: None)
    go_on.set()
    prober.join()
    assert outcomes == [None]
    assert breaker.call(lambda: "closed") == "closed"


async def test_one_coroutine_probes(name: str, clock: Clock) -> None:
    """Also where all run in one thread."""
    breaker = CircuitBreaker(name, failure_threshold=1, recovery_timeout=30)

    async def fail_later() -> None:
        raise ServiceUnavailableError

    with pytest.raises(ServiceUnavailableError):
        await breaker.call_async(fail_later)
    clock.ahead = 31
    inside, go_on = anyio.Event(), anyio.Event()

    async def probe() -> None:
        inside.set()
        await go_on.wait()

    async def fine() -> str:
        return "closed"

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(breaker.call_async, probe)
        await inside.wait()
        for _ in range(5):
            with pytest.raises(CircuitOpenError):
                await breaker.call_async(fine)
        go_on.set()
    assert await breaker.call_async(fine) == "closed"


async def test_a_cancelled_call_is_no_failure_and_blocks_nobody(name: str, clock: Clock) -> None:
    """Not even as a probe: the next one may try."""
    breaker = CircuitBreaker(name, failure_threshold=1, recovery_timeout=30)

    async def fail_later() -> None:
        raise ServiceUnavailableError

    async def fine() -> str:
        return "closed"

    with pytest.raises(ServiceUnavailableError):
        await breaker.call_async(fail_later)
    clock.ahead = 31
    with anyio.move_on_after(0.01):
        await breaker.call_async(anyio.sleep_forever)
    assert await breaker.call_async(fine) == "closed"


async def test_a_hundred_coroutines_at_once_do_not_wait_for_each_other(name: str, table: Any) -> None:
    """With a table the machine runs in worker threads, which are not held while the calls are under way."""
    breaker = CircuitBreaker(name, store=dynamodb_store("circuits", client=table))
    arrived, all_there = [0], anyio.Event()

    async def meet() -> None:
        arrived[0] += 1
        if arrived[0] == 100:
            all_there.set()
        await all_there.wait()

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(breaker.call_async, meet)
    assert arrived == [100]


async def test_a_table_is_shared(call: Any, name: str, table: Any, clock: Clock) -> None:
    """What one function has seen fail, another does not ask; one probe closes it for both."""
    one, two = (
        CircuitBreaker(name, failure_threshold=2, recovery_timeout=30, store=dynamodb_store("circuits", client=table))
        for _ in range(2)
    )
    await failing(call, one, 2)
    assert table.get_item(TableName="circuits", Key={"id": {"S": name}})["Item"]["state"]["S"] == "OPEN"
    with pytest.raises(CircuitOpenError):
        await call(two, lambda: None)
    clock.ahead = 31
    assert await call(two, lambda: "probe") == "probe"
    assert table.get_item(TableName="circuits", Key={"id": {"S": name}})["Item"]["state"]["S"] == "CLOSED"


async def test_a_table_that_is_down_is_not_the_outage(
    call: Any, name: str, table: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Calls go through, their results and their errors are their own."""
    breaker = CircuitBreaker(name, failure_threshold=1, store=dynamodb_store("no-such-table", client=table))
    assert await call(breaker, lambda: "fine") == "fine"
    await failing(call, breaker, 3)
    assert any("failing open" in message for message in caplog.messages)


def test_the_table_s_own_client_has_short_limits(name: str) -> None:
    """A table that hangs does not hang the call."""
    from ai_voice_shared.testing.aws import clear_clients

    with pytest.MonkeyPatch.context() as patch, mock_aws():
        isolate(patch)
        clear_clients()
        store: Any = dynamodb_store("circuits")
        assert (store.client.meta.config.read_timeout, store.client.meta.config.connect_timeout) == (1.0, 1.0)
        assert store.client.meta.config.retries["total_max_attempts"] == 2
    clear_clients()


async def test_transitions_are_told(call: Any, name: str, clock: Clock) -> None:
    """Each of them once."""
    told: list[tuple[str, str]] = []
    breaker = CircuitBreaker(
        name,
        failure_threshold=1,
        recovery_timeout=30,
        on_transition=lambda change: told.append((change.from_state.value, change.to_state.value)),
    )
    await failing(call, breaker, 1)
    clock.ahead = 31
    await call(breaker, lambda: None)
    assert told == [("CLOSED", "OPEN"), ("OPEN", "HALF_OPEN"), ("HALF_OPEN", "CLOSED")]


async def test_errors_keep_their_own_traceback(call: Any, name: str) -> None:
    """Being counted adds no frames to them."""
    import traceback

    breaker = CircuitBreaker(name, failure_threshold=100)
    for _ in range(3):
        with pytest.raises(ServiceUnavailableError) as caught:
            await call(breaker, fail)
        frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert frames[-1] == "fail"
        assert "replay" not in frames


def test_a_healthy_start_imports_nothing(name: str) -> None:
    """Powertools' breaker is loaded with the first failure."""
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker\n"
        "assert CircuitBreaker('x').call(lambda: 42) == 42\n"
        "print([name for name in sys.modules if 'powertools' in name or 'boto' in name])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("error", "expected"),
    [(OSError(), True), (ServiceUnavailableError(), True), (NotFoundError("X"), False), (ConfigurationError(), False)],
)
def test_failures_are_the_server_s(error: Exception, *, expected: bool) -> None:
    """And those of which nothing is known."""
    assert is_failure(error) is expected


async def test_its_log_lines_have_no_error_text(call: Any, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither Powertools nor this package writes what an error says."""
    caplog.set_level(logging.DEBUG)
    breaker = CircuitBreaker(name, failure_threshold=1)

    def leak() -> None:
        raise OSError("+61400000000")

    with pytest.raises(OSError, match="614"):
        await call(breaker, leak)
    assert caplog.records
    assert "61400000000" not in str([vars(record) for record in caplog.records])


def test_a_call_that_is_cancelled_on_its_way_in_blocks_nobody(
    name: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under asyncio the thread that asks the store goes on by itself; what it is let in for comes too late to probe."""
    store = circuit_stores._create_memory_store()
    breaker = CircuitBreaker(name, failure_threshold=1, recovery_timeout=30, store=store)
    asked, answer, entered = threading.Event(), threading.Event(), threading.Event()
    get_state, enter = store.get_state, circuit_breaker._CircuitCall.acquire

    def slow(name: str) -> Any:
        asked.set()
        assert answer.wait(10)
        return get_state(name)

    def watched(passage: Any) -> None:
        try:
            enter(passage)
        finally:
            entered.set()

    async def failing_later() -> None:
        fail()

    async def fine() -> str:
        return "fine"

    async def cancelled_on_its_way_in() -> None:
        with pytest.raises(ServiceUnavailableError):
            await breaker.call_async(failing_later)
        clock.ahead = 31
        monkeypatch.setattr(store, "get_state", slow)
        monkeypatch.setattr(circuit_breaker._CircuitCall, "acquire", watched)
        task = asyncio.create_task(breaker.call_async(fine))
        await asyncio.to_thread(asked.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        answer.set()
        assert await asyncio.to_thread(entered.wait, 10)

    asyncio.run(cancelled_on_its_way_in())
    # As it is when the lease of the probe that was never made is over.
    store.save_open(name, failure_count=1, opened_at=0)
    assert asyncio.run(breaker.call_async(fine)) == "fine"
