"""The retry policy: how often, how long apart, and when not at all."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.errors import (
    CircuitOpenError,
    NotFoundError,
    RateLimitedError,
    ServiceTimeoutError,
    ServiceUnavailableError,
    ValidationError,
)
from ai_voice_shared.resilience.retrying import (
    RetryBudget,
    RetryPolicy,
    RetryState,
    call_with_retry,
    call_with_retry_async,
    is_retryable,
    retry,
)
from ai_voice_shared.utils.deadline import Deadline, use_deadline

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


class Flaky:
    """Fails with each error in turn, then succeeds."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        """Run once."""
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    async def later(self) -> str:
        """Run or wait, for coroutines."""
        return self()


class Waits(list[float]):
    """Records waits in place of waiting."""

    async def later(self, seconds: float) -> None:
        """Run or wait, for coroutines."""
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    """Create a recorder."""
    return Waits()


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest, waits: Waits) -> Callable[..., Any]:
    """Return both kinds of retry in turn, as coroutine functions."""

    async def either(flaky: Flaky, policy: RetryPolicy, **options: Any) -> str:
        if request.param == "async":
            return await call_with_retry_async(flaky.later, policy, sleep=waits.later, **options)
        return call_with_retry(flaky, policy, sleep=waits.append, **options)

    return either


@given(
    attempt=st.integers(1, 5000),
    delay=st.floats(0, 10),
    backoff=st.floats(1, 10),
    max_delay=st.floats(0, 60),
    chance=st.floats(0, 1),
)
def test_a_wait_is_anything_up_to_a_growing_cap(
    attempt: int, delay: float, backoff: float, max_delay: float, chance: float
) -> None:
    """Full jitter: between nothing and min(max_delay, delay * backoff ** (attempt - 1)), however many attempts."""
    policy = RetryPolicy(delay=delay, backoff=backoff, max_delay=max_delay)
    wait = policy.wait(attempt, OSError(), rng=lambda: chance)
    assert 0 <= wait <= max_delay
    if attempt == 1:
        assert wait <= delay
    full = RetryPolicy(delay=delay, backoff=backoff, max_delay=max_delay, jitter=False)
    assert full.wait(attempt, OSError()) * chance == pytest.approx(wait)


def test_the_jitter_is_full() -> None:
    """Waits spread over the whole range, so that clients that failed together do not retry together."""
    policy = RetryPolicy(delay=1, max_delay=1)
    waits = [policy.wait(1, OSError()) for _ in range(1000)]
    assert min(waits) < 0.1
    assert max(waits) > 0.9


def test_retry_after_is_a_minimum() -> None:
    """A Retry-After is a minimum of the wait."""
    policy = RetryPolicy(delay=1, jitter=False)
    assert policy.wait(1, RateLimitedError(retry_after=7)) == 7
    assert policy.wait(1, RateLimitedError(retry_after=0.5)) == 1
    assert policy.wait(1, RateLimitedError()) == 1


async def test_a_call_is_retried_until_it_succeeds(run: Any, waits: Waits) -> None:
    """Each further attempt follows a wait."""
    flaky = Flaky(ServiceUnavailableError(), ServiceTimeoutError())
    assert await run(flaky, RetryPolicy(max_attempts=3, delay=1, backoff=3, jitter=False)) == "done"
    assert (flaky.calls, waits) == (3, [1, 3])


async def test_the_last_error_is_raised(run: Any, waits: Waits) -> None:
    """After the last attempt its own error is raised."""
    errors = [ServiceUnavailableError(str(number)) for number in range(5)]
    flaky = Flaky(*errors)
    with pytest.raises(ServiceUnavailableError) as caught:
        await run(flaky, RetryPolicy(max_attempts=3, delay=0))
    assert caught.value is errors[2]
    assert (flaky.calls, len(waits)) == (3, 2)


@pytest.mark.parametrize(
    "error", [NotFoundError("X"), ValidationError(), CircuitOpenError(), ValueError(), KeyboardInterrupt()]
)
async def test_a_permanent_error_is_not_retried(run: Any, waits: Waits, error: BaseException) -> None:
    """An error that is not retryable causes no wait and no second attempt."""
    flaky = Flaky(error)
    with pytest.raises(type(error)):
        await run(flaky, RetryPolicy())
    assert (flaky.calls, waits) == (1, [])


async def test_a_wait_past_the_deadline_is_not_begun(run: Any, waits: Waits) -> None:
    """An error is raised at once if the wait would exceed the deadline."""
    flaky = Flaky(ServiceUnavailableError(retry_after=10))
    with use_deadline(Deadline(5)), pytest.raises(ServiceUnavailableError):
        await run(flaky, RetryPolicy())
    assert (flaky.calls, waits) == (1, [])


async def test_a_retry_after_within_the_deadline_is_waited_for(run: Any, waits: Waits) -> None:
    """A Retry-After longer than the policy's own waits is honoured within the deadline."""
    flaky = Flaky(ServiceUnavailableError(retry_after=10))
    with use_deadline(Deadline(60)):
        assert await run(flaky, RetryPolicy(max_delay=2)) == "done"
    assert waits == [10]


async def test_a_day_s_retry_after_is_not_waited_for(run: Any, waits: Waits) -> None:
    """Without a deadline the policy's longest wait is the limit."""
    with pytest.raises(ServiceUnavailableError):
        await run(Flaky(ServiceUnavailableError(retry_after=86_400)), RetryPolicy(max_delay=5))
    assert waits == []


async def test_retries_are_limited_by_the_budget(run: Any, waits: Waits, caplog: pytest.LogCaptureFixture) -> None:
    """An exhausted budget allows no retry, and a log line says so."""
    caplog.set_level(logging.INFO)
    budget = RetryBudget(capacity=2, refill=0.5)
    policy = RetryPolicy(max_attempts=5, delay=0)
    flaky = Flaky(*[ServiceUnavailableError() for _ in range(5)])
    with pytest.raises(ServiceUnavailableError):
        await run(flaky, policy, budget=budget)
    assert flaky.calls == 3
    assert caplog.messages == ["retrying", "retrying", "retry budget exhausted"]
    with pytest.raises(ServiceUnavailableError):
        await run(Flaky(ServiceUnavailableError()), policy, budget=budget)
    # Two successes pay for one retry.
    for _ in range(2):
        await run(Flaky(), policy, budget=budget)
    assert await run(Flaky(ServiceUnavailableError()), policy, budget=budget) == "done"


def test_threads_share_the_budget() -> None:
    """A hundred threads get as many retries as the budget has."""
    budget = RetryBudget(capacity=10)
    got: list[bool] = []
    threads = [threading.Thread(target=lambda: got.append(budget.try_acquire())) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got.count(True) == 10


def test_the_budget_is_capped() -> None:
    """Successes do not raise the budget above its capacity."""
    budget = RetryBudget(capacity=1, refill=1)
    for _ in range(10):
        budget.on_success()
    assert [budget.try_acquire(), budget.try_acquire()] == [True, False]


def test_log_lines_have_no_error_text(caplog: pytest.LogCaptureFixture) -> None:
    """A log line has the type of an error, since its text may be anything."""
    caplog.set_level(logging.DEBUG)
    call_with_retry(Flaky(ServiceUnavailableError("+61400000000")), RetryPolicy(delay=0), sleep=lambda _: None)
    [record] = caplog.records
    assert "61400000000" not in str(vars(record))
    assert (vars(record)["error_type"], vars(record)["attempt"]) == ("ServiceUnavailableError", 1)


@pytest.mark.parametrize(
    ("error", "expected"),
    [(ServiceUnavailableError(), True), (NotFoundError("X"), False), (OSError(), False), (ServiceTimeoutError(), True)],
)
def test_errors_know_whether_they_are_retryable(error: Exception, *, expected: bool) -> None:
    """The package's errors are retryable or not, others are not."""
    assert is_retryable(error) is expected


def test_the_decorator_retries_a_function() -> None:
    """Arguments, result, name and documentation are the function's own."""
    waits: list[float] = []
    errors: list[Exception] = [OSError(), ServiceUnavailableError()]

    @retry(max_attempts=3, delay=0.5, jitter=False, sleep=waits.append)
    def add(one: int, *, two: int) -> int:
        """Add."""
        if errors:
            raise errors.pop()
        return one + two

    assert add(1, two=2) == 3
    assert waits == [0.5, 1.0]
    assert (add.__name__, add.__doc__) == ("add", "Add.")


async def test_the_decorator_retries_a_coroutine_function() -> None:
    """The failure of the coroutine counts, not of the call that creates it."""
    waits = Waits()
    errors: list[Exception] = [OSError()]

    @retry(delay=0.5, jitter=False, sleep=waits.later)
    async def work() -> str:
        if errors:
            raise errors.pop()
        return "done"

    assert await work() == "done"
    assert waits == [0.5]


async def test_the_decorator_waits_by_default() -> None:
    """By default both kinds of functions wait for real."""
    errors: list[Exception] = [OSError(), OSError()]

    @retry(delay=0.001)
    async def later() -> str:
        if errors:
            raise errors.pop()
        return "done"

    @retry(delay=0.001)
    def now() -> str:
        if errors:
            raise errors.pop()
        return "done"

    assert await later() == "done"
    errors.append(OSError())
    assert now() == "done"


def test_the_decorator_retries_listed_retryable_errors() -> None:
    """An error that is not listed, or not retryable, is raised at once."""
    calls: list[int] = []

    @retry(exceptions=(OSError,), sleep=lambda _: None)
    def unlisted() -> None:
        calls.append(1)
        raise KeyError

    @retry(sleep=lambda _: None)
    def hopeless() -> None:
        calls.append(1)
        raise ValidationError

    with pytest.raises(KeyError):
        unlisted()
    with pytest.raises(ValidationError):
        hopeless()
    assert len(calls) == 2


async def test_a_cancelled_coroutine_is_not_retried() -> None:
    """Cancellation is not a failure."""
    calls: list[int] = []

    async def work() -> None:
        calls.append(1)
        await anyio.sleep_forever()

    with anyio.move_on_after(0.01):
        await call_with_retry_async(work, RetryPolicy(delay=0), retryable=lambda _: True)
    assert calls == [1]


def test_a_schedule_is_followed() -> None:
    """A policy of given delays waits exactly so long, and an error's `retry_after` is still a minimum."""
    state = RetryState(RetryPolicy.from_delays((1.0, 3.0)), deadline=Deadline(60))
    errors = [ServiceUnavailableError(), ServiceUnavailableError(retry_after=7.0), ServiceUnavailableError()]
    assert [state.next_delay(error) for error in errors] == [1.0, 7.0, None]
    assert RetryState(RetryPolicy.from_delays(())).next_delay(ServiceUnavailableError()) is None


def test_a_state_uses_its_own_deadline() -> None:
    """A deadline that is passed counts in place of the current one."""
    policy = RetryPolicy.from_delays((1.0,))
    with use_deadline(Deadline(60)):
        assert RetryState(policy, deadline=Deadline(0.5)).next_delay(ServiceUnavailableError()) is None
    with use_deadline(Deadline(0.5)):
        assert RetryState(policy, deadline=Deadline(60)).next_delay(ServiceUnavailableError()) == 1.0
        assert RetryState(policy).next_delay(ServiceUnavailableError()) is None


def test_an_attempt_can_fail_without_an_error(caplog: pytest.LogCaptureFixture) -> None:
    """A batch with failed entries is retried as often as the policy allows, under its own log line and fields."""
    caplog.set_level(logging.INFO)
    state = RetryState(RetryPolicy(max_attempts=3, delay=0), message="retrying events", fields={"bus": "default"})
    assert [state.next_delay() for _ in range(3)] == [0, 0, None]
    assert caplog.messages == ["retrying events", "retrying events"]
    assert vars(caplog.records[1])["bus"] == "default"
    assert vars(caplog.records[1])["attempt"] == 2
