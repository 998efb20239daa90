"""The package's one retry policy: how often, how long apart, and when not at all.

`call_with_retry` repeats a function, `retry` decorates one, and `RetryState` is for loops of another form: a media
download whose successful attempt stays open, or a batch of events of which each may fail on its own.

tenacity and stamina were tried. What is needed on top of their loop (a budget that the process shares, the deadline of
the invocation, `Retry-After` from an error) is larger than the loop, and importing tenacity costs a cold start 110
million instructions (stamina 166), this module 10.

The delays are "full jitter": anything between nothing and an exponentially growing cap
(https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
"""

from __future__ import annotations

import functools
import inspect
import logging
import random
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, Self, TypeVar, cast

from ai_voice_shared.errors import AIVoiceError
from ai_voice_shared.utils.deadline import current_deadline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from ai_voice_shared.utils.deadline import Deadline

__all__ = [
    "RetryBudget",
    "RetryPolicy",
    "RetryState",
    "call_with_retry",
    "call_with_retry_async",
    "is_retryable",
    "retry",
    "shared_retry_budget",
]

P = ParamSpec("P")
T = TypeVar("T")
_log = logging.getLogger(__name__)


class RetryPolicy(NamedTuple):
    """How often to retry, and how long to wait. A tuple: creating a frozen dataclass costs a cold start a millisecond.

    Parameters
    ----------
    max_attempts
        Attempts in all.
    delay
        Seconds that the first wait is at the most.
    backoff
        Factor of each further cap.
    max_delay
        Seconds that no computed wait exceeds. A longer `Retry-After` is honoured only if a deadline bounds the wait.
    jitter
        Wait a random part of the cap; without it the whole.
    schedule
        The waits one by one, in place of computed ones; see `from_delays`.
    """

    max_attempts: int = 3
    delay: float = 0.1
    backoff: float = 2.0
    max_delay: float = 5.0
    jitter: bool = True
    schedule: tuple[float, ...] | None = None

    @classmethod
    def from_delays(cls, delays: Sequence[float]) -> Self:
        """Create a policy that waits exactly so long before each retry, and makes as many retries.

        Examples
        --------
        >>> policy = RetryPolicy.from_delays((1.0, 3.0))
        >>> policy.max_attempts, [policy.wait(attempt, TimeoutError()) for attempt in (1, 2)]
        (3, [1.0, 3.0])
        """
        return cls(max_attempts=len(delays) + 1, max_delay=max(delays, default=0.0), schedule=tuple(delays))

    def wait(self, attempt: int, error: BaseException | None, *, rng: Callable[[], float] = random.random) -> float:
        """Return the seconds to wait after a failed attempt (the first is 1); an error's `retry_after` is a minimum.

        Examples
        --------
        >>> policy = RetryPolicy(delay=0.5, jitter=False)
        >>> [policy.wait(attempt, TimeoutError()) for attempt in (1, 2, 3)]
        [0.5, 1.0, 2.0]
        """
        return max(self._computed(attempt, rng), getattr(error, "retry_after", None) or 0.0)

    def _computed(self, attempt: int, rng: Callable[[], float]) -> float:
        if self.schedule is not None:
            return self.schedule[attempt - 1]
        try:
            cap = min(self.max_delay, self.delay * self.backoff ** (attempt - 1))
        except OverflowError:
            cap = self.max_delay
        return cap * rng() if self.jitter else cap


def is_retryable(error: BaseException) -> bool:
    """Return whether the same call can succeed a moment later, which the package's errors know.

    Examples
    --------
    >>> from ai_voice_shared.errors import NotFoundError, ServiceTimeoutError
    >>> is_retryable(ServiceTimeoutError()), is_retryable(NotFoundError("Customer"))
    (True, False)
    """
    return isinstance(error, AIVoiceError) and error.retryable


class RetryBudget:
    """A token bucket: each retry takes a token, each success returns a part of one.

    Parameters
    ----------
    capacity
        Retries that may be made in a row.
    refill
        Tokens that each success returns: 0.1 allows one retry for ten successes.

    Examples
    --------
    >>> budget = RetryBudget(capacity=1)
    >>> budget.try_acquire(), budget.try_acquire()
    (True, False)
    """

    def __init__(self, capacity: float = 10.0, refill: float = 0.1) -> None:
        self._capacity = self._left = capacity
        self._refill = refill
        self._lock = threading.Lock()

    def try_acquire(self) -> bool:
        """Acquire the token of a retry; return False if none is left."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def on_success(self) -> None:
        """Return a part of a token."""
        # A full budget is the normal state; checked without the lock, it costs nothing.
        if self._left < self._capacity:
            with self._lock:
                self._left = min(self._capacity, self._left + self._refill)


_budgets: dict[str, RetryBudget] = {}


def shared_retry_budget(service: str) -> RetryBudget:
    """Return the budget that all clients of a service share in this process.

    Examples
    --------
    >>> shared_retry_budget("customer-lookup-server") is shared_retry_budget("customer-lookup-server")
    True
    """
    # If two threads create one at the same time, `setdefault` stores the first.
    return _budgets.get(service) or _budgets.setdefault(service, RetryBudget())


class RetryState:
    """The attempts of one operation so far, for loops that decide themselves what an attempt is.

    Parameters
    ----------
    policy
        How often and how long apart.
    retryable
        Which errors are worth another attempt.
    budget
        Limits the retries of all operations that share it.
    deadline
        By default the current one.
    message, fields
        The log line of a retry, without personal data.

    Examples
    --------
    >>> retries = RetryState(RetryPolicy(max_attempts=2, delay=0))
    >>> retries.next_delay(), retries.next_delay()
    (0.0, None)
    """

    __slots__ = ("_attempt", "_budget", "_deadline", "_fields", "_message", "_policy", "_retryable")

    def __init__(
        self,
        policy: RetryPolicy,
        *,
        retryable: Callable[[BaseException], bool] = is_retryable,
        budget: RetryBudget | None = None,
        deadline: Deadline | None = None,
        message: str = "retrying",
        fields: Mapping[str, object] | None = None,
    ) -> None:
        self._policy = policy
        self._retryable = retryable
        self._budget = budget
        self._deadline = deadline
        self._message = message
        self._fields = fields
        self._attempt = 0

    def next_delay(self, error: BaseException | None = None) -> float | None:
        """Record a failed attempt and return the seconds to wait before the next one, or None for no further attempt.

        Parameters
        ----------
        error
            What the attempt failed with; None if the caller has found out in another way that it did.
        """
        policy = self._policy
        self._attempt += 1
        if self._attempt >= policy.max_attempts or (error is not None and not self._retryable(error)):
            return None
        wait = policy.wait(self._attempt, error)
        deadline = self._deadline or current_deadline()
        # A wait that neither the time left nor the policy covers is a hang.
        if wait >= deadline.remaining() if deadline is not None else wait > policy.max_delay:
            return None
        fields = dict(self._fields or {})
        if error is not None:
            fields["error_type"] = type(error).__name__
            if isinstance(error, AIVoiceError):
                fields["error_code"] = error.code
        if self._budget is not None and not self._budget.try_acquire():
            _log.warning("retry budget exhausted", extra=fields)
            return None
        _log.info(self._message, extra={**fields, "attempt": self._attempt, "wait_seconds": round(wait, 3)})
        return wait

    def on_success(self) -> None:
        """Record that the operation succeeded."""
        if self._budget is not None:
            self._budget.on_success()


def call_with_retry(
    function: Callable[[], T],
    policy: RetryPolicy,
    *,
    retryable: Callable[[BaseException], bool] = is_retryable,
    budget: RetryBudget | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Call a function until it succeeds, a retry makes no sense, or no attempt, time or budget is left.

    Parameters
    ----------
    function
        An idempotent operation.
    policy, retryable, budget
        As in `RetryState`.
    sleep
        How to wait.

    Raises
    ------
    Exception
        The last attempt's own error.

    Examples
    --------
    >>> results = iter([TimeoutError(), "done"])
    >>> def send():
    ...     result = next(results)
    ...     if isinstance(result, Exception):
    ...         raise result
    ...     return result
    >>> call_with_retry(
    ...     send, RetryPolicy(), retryable=lambda error: isinstance(error, TimeoutError), sleep=lambda _: None
    ... )
    'done'
    """
    state = RetryState(policy, retryable=retryable, budget=budget)
    while True:
        try:
            result = function()
        except Exception as error:
            delay = state.next_delay(error)
            if delay is None:
                raise
            sleep(delay)
        else:
            state.on_success()
            return result


async def call_with_retry_async(
    function: Callable[[], Awaitable[T]],
    policy: RetryPolicy,
    *,
    retryable: Callable[[BaseException], bool] = is_retryable,
    budget: RetryBudget | None = None,
    sleep: Callable[[float], Awaitable[None]] | None = None,
) -> T:
    """Call a coroutine function as `call_with_retry` calls a function, on asyncio or trio.

    Examples
    --------
    >>> import asyncio
    >>> async def send():
    ...     return "done"
    >>> asyncio.run(call_with_retry_async(send, RetryPolicy()))
    'done'
    """
    if sleep is None:
        import anyio

        sleep = anyio.sleep
    state = RetryState(policy, retryable=retryable, budget=budget)
    while True:
        try:
            result = await function()
        except Exception as error:
            delay = state.next_delay(error)
            if delay is None:
                raise
            await sleep(delay)
        else:
            state.on_success()
            return result


def retry(
    max_attempts: int = 3,
    delay: float = 1.0,
    *,
    backoff: float = 2.0,
    max_delay: float = 30.0,
    jitter: bool = True,
    exceptions: tuple[type[Exception], ...] = (Exception,),
    sleep: Callable[[float], Any] | None = None,
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a function, or a coroutine function, so that it is called again after a failure.

    An error of this package that is not retryable ends it at once, whatever `exceptions` says.

    Parameters
    ----------
    max_attempts, delay, backoff, max_delay, jitter
        As in `RetryPolicy`.
    exceptions
        Which errors are worth another attempt.
    sleep
        How to wait; a coroutine function for coroutine functions.

    Examples
    --------
    >>> calls = []
    >>> @retry(max_attempts=3, delay=0.0)
    ... def unreliable_function():
    ...     calls.append(1)
    ...     if len(calls) < 3:
    ...         raise OSError("not yet")
    ...     return "done"
    >>> unreliable_function()
    'done'
    """
    policy = RetryPolicy(max_attempts=max_attempts, delay=delay, backoff=backoff, max_delay=max_delay, jitter=jitter)

    def should_retry(error: BaseException) -> bool:
        return isinstance(error, exceptions) and not (isinstance(error, AIVoiceError) and not error.retryable)

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapper_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                return await call_with_retry_async(
                    functools.partial(function, *args, **kwargs), policy, retryable=should_retry, sleep=sleep
                )

            return cast("Callable[P, T]", wrapper_async)

        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            return call_with_retry(
                functools.partial(function, *args, **kwargs), policy, retryable=should_retry, sleep=sleep or time.sleep
            )

        return wrapper

    return decorate
