"""The circuit breaker opens, probes and closes, for functions and coroutines, in memory and on a table."""

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
    """Powertools' clock, which a test sets."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        """Return seconds since 1970."""
        return int(dt.datetime.now(tz=dt.UTC).timestamp()) + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace Powertools' clock."""
    from aws_lambda_powertools.utilities.circuit_breaker.base import CircuitBreakerHandler

    fake_clock = Clock()
    monkeypatch.setattr(CircuitBreakerHandler, "_now", staticmethod(fake_clock.now))
    return fake_clock


@pytest.fixture
def name() -> str:
    """Return the name of a circuit that no other test uses."""
    return f"circuit-{uuid.uuid4()}"


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Any:
    """Return `call` and `call_async` in turn, as coroutine functions."""

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
    """Create a table called circuits in memory, and return its client."""
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


async def fail_times(call: Any, breaker: CircuitBreaker, times: int) -> None:
    """Call the breaker with a failing function a number of times."""
    for _ in range(times):
        with pytest.raises(ServiceUnavailableError):
            await call(breaker, fail)


async def test_it_opens_after_failures_in_a_row(call: Any, name: str) -> None:
    """An open circuit calls nothing, and its error has the seconds until a retry."""
    breaker = CircuitBreaker(name, failure_threshold=3, recovery_timeout=30)
    calls: list[int] = []
    await fail_times(call, breaker, 3)
    with pytest.raises(CircuitOpenError, match=f"{name} failed too often") as caught:
        await call(breaker, lambda: calls.append(1))
    assert calls == []
    assert caught.value.retry_after is not None
    assert 1 <= caught.value.retry_after <= 30
    assert not caught.value.retryable


async def test_a_success_resets_the_count(call: Any, name: str) -> None:
    """Only failures in a row open the circuit."""
    breaker = CircuitBreaker(name, failure_threshold=3)
    for _ in range(4):
        await fail_times(call, breaker, 2)
        assert await call(breaker, lambda: "fine") == "fine"


async def test_one_probe_closes_it(call: Any, name: str, clock: Clock) -> None:
    """After the recovery time one successful call closes the circuit."""
    breaker = CircuitBreaker(name, failure_threshold=2, recovery_timeout=30)
    await fail_times(call, breaker, 2)
    clock.ahead = 31
    assert await call(breaker, lambda: "probe") == "probe"
    assert await call(breaker, lambda: "next") == "next"
    # It counts from nothing again.
    await fail_times(call, breaker, 1)
    assert await call(breaker, lambda: "next") == "next"


async def test_a_failed_probe_opens_it_again(call: Any, name: str, clock: Clock) -> None:
    """A failed probe opens the circuit for the whole recovery time."""
    breaker = CircuitBreaker(name, failure_threshold=2, recovery_timeout=30)
    await fail_times(call, breaker, 2)
    clock.ahead = 31
    await fail_times(call, breaker, 1)
    with pytest.raises(CircuitOpenError):
        await call(breaker, lambda: "no")
    clock.ahead = 62
    assert await call(breaker, lambda: "yes") == "yes"


async def test_more_probes_can_be_required(call: Any, name: str, clock: Clock) -> None:
    """With a success threshold of two, one successful probe does not close the circuit."""
    breaker = CircuitBreaker(name, failure_threshold=1, recovery_timeout=30, success_threshold=2)
    await fail_times(call, breaker, 1)
    clock.ahead = 31
    assert await call(breaker, lambda: 1) == 1
    await fail_times(call, breaker, 1)
    with pytest.raises(CircuitOpenError):
        await call(breaker, lambda: 2)
    clock.ahead = 62
    for _ in range(3):
        assert await call(breaker, lambda: 3) == 3


@pytest.mark.parametrize("error", [NotFoundError("Customer"), ConfigurationError(), DeadlineExceededError()])
async def test_errors_of_the_caller_do_not_count(call: Any, name: str, error: Exception) -> None:
    """An error of the request, or of a call that was never made, is not a failure."""
    breaker = CircuitBreaker(name, failure_threshold=1)

    def refuse() -> None:
        raise error

    for _ in range(3):
        with pytest.raises(type(error)):
            await call(breaker, refuse)
    assert await call(breaker, lambda: "fine") == "fine"


async def test_a_rejected_probe_closes_the_circuit(call: Any, name: str, clock: Clock) -> None:
    """A server that responds "not found" is healthy."""
    breaker = CircuitBreaker(name, failure_threshold=1, recovery_timeout=30)
    await fail_times(call, breaker, 1)
    clock.ahead = 31

    def refuse() -> None:
        raise NotFoundError("Customer")

    with pytest.raises(NotFoundError):
        await call(breaker, refuse)
    clock.ahead = 0
    assert await call(breaker, lambda: "fine") == "fine"


async def test_what_counts_is_a_predicate(call: Any, name: str) -> None:
    """Any predicate on the error decides what counts as a failure."""
    breaker = CircuitBreaker(name, failure_threshold=1, is_failure=lambda error: isinstance(error, KeyError))
    await fail_times(call, breaker, 3)

    def missing() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await call(breaker, missing)
    with pytest.raises(CircuitOpenError):
        await call(breaker, lambda: None)


async def test_circuits_of_one_name_share_their_state(call: Any, name: str) -> None:
    """A circuit that is created later is open at once, one of another name is not."""
    await fail_times(call, CircuitBreaker(name, failure_threshold=2), 2)
    with pytest.raises(CircuitOpenError):
        await call(CircuitBreaker(name), lambda: None)
    assert await call(CircuitBreaker(f"{name}-2"), lambda: "fine") == "fine"


def test_one_thread_probes(name: str, clock: Clock) -> None:
    """Other threads get CircuitOpenError while one probes."""
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
    """Other coroutines of the same thread get CircuitOpenError while one probes."""
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


async def test_a_cancelled_probe_admits_the_next(name: str, clock: Clock) -> None:
    """A cancelled call is not a failure, and does not block the next probe."""
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
    """With a table the state machine runs in worker threads, which are free while calls are in progress."""
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
    """The circuit of one function is open for another, and one probe closes it for both."""
    one, two = (
        CircuitBreaker(name, failure_threshold=2, recovery_timeout=30, store=dynamodb_store("circuits", client=table))
        for _ in range(2)
    )
    await fail_times(call, one, 2)
    assert table.get_item(TableName="circuits", Key={"id": {"S": name}})["Item"]["state"]["S"] == "OPEN"
    with pytest.raises(CircuitOpenError):
        await call(two, lambda: None)
    clock.ahead = 31
    assert await call(two, lambda: "probe") == "probe"
    assert table.get_item(TableName="circuits", Key={"id": {"S": name}})["Item"]["state"]["S"] == "CLOSED"


async def test_a_table_that_is_down_is_not_the_outage(
    call: Any, name: str, table: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Calls pass without the table, with their own results and errors."""
    breaker = CircuitBreaker(name, failure_threshold=1, store=dynamodb_store("no-such-table", client=table))
    assert await call(breaker, lambda: "fine") == "fine"
    await fail_times(call, breaker, 3)
    assert any("failing open" in message for message in caplog.messages)


def test_the_default_table_client_has_short_timeouts(name: str) -> None:
    """A table that hangs does not hang the call."""
    from ai_voice_shared.testing.aws import clear_clients

    with pytest.MonkeyPatch.context() as patch, mock_aws():
        isolate(patch)
        clear_clients()
        store: Any = dynamodb_store("circuits")
        assert (store.client.meta.config.read_timeout, store.client.meta.config.connect_timeout) == (1.0, 1.0)
        assert store.client.meta.config.retries["total_max_attempts"] == 2
    clear_clients()


async def test_transitions_are_reported(call: Any, name: str, clock: Clock) -> None:
    """Each transition is reported once."""
    reported: list[tuple[str, str]] = []
    breaker = CircuitBreaker(
        name,
        failure_threshold=1,
        recovery_timeout=30,
        on_transition=lambda change: reported.append((change.from_state.value, change.to_state.value)),
    )
    await fail_times(call, breaker, 1)
    clock.ahead = 31
    await call(breaker, lambda: None)
    assert reported == [("CLOSED", "OPEN"), ("OPEN", "HALF_OPEN"), ("HALF_OPEN", "CLOSED")]


async def test_errors_keep_their_own_traceback(call: Any, name: str) -> None:
    """Counting an error adds no frames to its traceback."""
    import traceback

    breaker = CircuitBreaker(name, failure_threshold=100)
    for _ in range(3):
        with pytest.raises(ServiceUnavailableError) as caught:
            await call(breaker, fail)
        frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert frames[-1] == "fail"
        assert "replay" not in frames


def test_powertools_is_imported_with_the_first_failure(name: str) -> None:
    """Without a failure, Powertools' circuit breaker is not imported."""
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
def test_unknown_errors_are_failures(error: Exception, *, expected: bool) -> None:
    """Errors of the server and unknown errors are failures, errors of the caller are not."""
    assert is_failure(error) is expected


async def test_its_log_lines_have_no_error_text(call: Any, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither Powertools nor this package logs the text of an error."""
    caplog.set_level(logging.DEBUG)
    breaker = CircuitBreaker(name, failure_threshold=1)

    def leak() -> None:
        raise OSError("+61400000000")

    with pytest.raises(OSError, match="614"):
        await call(breaker, leak)
    assert caplog.records
    assert "61400000000" not in str([vars(record) for record in caplog.records])


def test_a_call_cancelled_during_admission_does_not_probe(
    name: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that outlives its cancelled call does not hold the probe."""
    store = circuit_stores._create_memory_store()
    breaker = CircuitBreaker(name, failure_threshold=1, recovery_timeout=30, store=store)
    requested, proceed, acquired = threading.Event(), threading.Event(), threading.Event()
    get_state, acquire = store.get_state, circuit_breaker._CircuitCall.acquire

    def slow(name: str) -> Any:
        requested.set()
        assert proceed.wait(10)
        return get_state(name)

    def watched(circuit_call: Any) -> None:
        try:
            acquire(circuit_call)
        finally:
            acquired.set()

    async def failing_later() -> None:
        fail()

    async def fine() -> str:
        return "fine"

    async def cancelled_during_admission() -> None:
        with pytest.raises(ServiceUnavailableError):
            await breaker.call_async(failing_later)
        clock.ahead = 31
        monkeypatch.setattr(store, "get_state", slow)
        monkeypatch.setattr(circuit_breaker._CircuitCall, "acquire", watched)
        task = asyncio.create_task(breaker.call_async(fine))
        await asyncio.to_thread(requested.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        proceed.set()
        assert await asyncio.to_thread(acquired.wait, 10)

    asyncio.run(cancelled_during_admission())
    # As it is when the lease of the probe that was never made is over.
    store.save_open(name, failure_count=1, opened_at=0)
    assert asyncio.run(breaker.call_async(fine)) == "fine"
