"""Trying again: in one place, within the deadline, and not more than the other side can bear.

tenacity and stamina were looked at. What is needed here on top of their loop (a budget shared by the process, the
deadline of the invocation, `Retry-After` from an error) is larger than the loop, and importing either costs a cold
start a multiple of this module.

The delays are "full jitter": anything between nothing and an exponentially growing cap
(https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
"""

from __future__ import annotations

import functools
import inspect
import logging
import random
import time
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar, cast

from ai_voice_shared.errors import AIVoiceError
from ai_voice_shared.resilience.deadline import current_deadline
from ai_voice_shared.resilience.retry_budget import RetryBudget, process_budget

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = [
    "RetryBudget",
    "RetryPolicy",
    "call_with_retry",
    "call_with_retry_async",
    "is_retryable",
    "process_budget",
    "retry",
]

P = ParamSpec("P")
T = TypeVar("T")
_log = logging.getLogger(__name__)


class RetryPolicy(NamedTuple):
    """How often and how long apart. A tuple: making a frozen dataclass costs a cold start a millisecond.

    Parameters
    ----------
    max_attempts
        Tries in all.
    delay
        Seconds that the first wait is at the most.
    backoff
        What each further cap is multiplied by.
    max_delay
        Seconds that no wait of its own is longer than. A longer `Retry-After` is waited for only where a deadline
        bounds the wait.
    jitter
        Wait a random part of the cap; without it the whole.
    """

    max_attempts: int = 3
    delay: float = 0.1
    backoff: float = 2.0
    max_delay: float = 5.0
    jitter: bool = True

    def wait(self, attempt: int, error: BaseException, *, rng: Callable[[], float] = random.random) -> float:
        """Give the seconds to wait after a failed attempt (the first is 1); `retry_after` of an error is a minimum.

        Examples
        --------
        >>> policy = RetryPolicy(delay=0.5, jitter=False)
        >>> [policy.wait(attempt, TimeoutError()) for attempt in (1, 2, 3)]
        [0.5, 1.0, 2.0]
        """
        try:
            cap = min(self.max_delay, self.delay * self.backoff ** (attempt - 1))
        except OverflowError:
            cap = self.max_delay
        own = cap * rng() if self.jitter else cap
        return max(own, getattr(error, "retry_after", None) or 0.0)


def is_retryable(error: BaseException) -> bool:
    """Say whether the same call can succeed a moment later: the package's errors know it.

    Examples
    --------
    >>> from ai_voice_shared.errors import NotFoundError, ServiceTimeoutError
    >>> is_retryable(ServiceTimeoutError()), is_retryable(NotFoundError("Customer"))
    (True, False)
    """
    return isinstance(error, AIVoiceError) and error.retryable


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
        What is safe to repeat.
    policy
        How often and how long apart.
    retryable
        Which errors are worth another try.
    budget
        What retries are paid from.
    sleep
        How to wait.

    Raises
    ------
    Exception
        The last attempt's own error.

    Examples
    --------
    >>> answers = iter([TimeoutError(), "done"])
    >>> def ask():
    ...     answer = next(answers)
    ...     if isinstance(answer, Exception):
    ...         raise answer
    ...     return answer
    >>> call_with_retry(
    ...     ask, RetryPolicy(), retryable=lambda error: isinstance(error, TimeoutError), sleep=lambda _: None
    ... )
    'done'
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            result = function()
        except Exception as error:
            wait = _wait_or_none(error, attempt, policy, retryable, budget)
            if wait is None:
                raise
            sleep(wait)
        else:
            if budget is not None:
                budget.succeed()
            return result


async def call_with_retry_async(
    function: Callable[[], Awaitable[T]],
    policy: RetryPolicy,
    *,
    retryable: Callable[[BaseException], bool] = is_retryable,
    budget: RetryBudget | None = None,
    sleep: Callable[[float], Awaitable[None]] | None = None,
) -> T:
    """Do the same for a coroutine function, under asyncio or trio.

    Examples
    --------
    >>> import asyncio
    >>> async def ask():
    ...     return "done"
    >>> asyncio.run(call_with_retry_async(ask, RetryPolicy()))
    'done'
    """
    if sleep is None:
        import anyio

        sleep = anyio.sleep
    attempt = 0
    while True:
        attempt += 1
        try:
            result = await function()
        except Exception as error:
            wait = _wait_or_none(error, attempt, policy, retryable, budget)
            if wait is None:
                raise
            await sleep(wait)
        else:
            if budget is not None:
                budget.succeed()
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
    """Repeat a function, or a coroutine function, that fails.

    An error of this package that says it is not retryable ends it at once, whatever `exceptions` says.

    Parameters
    ----------
    max_attempts, delay, backoff, max_delay, jitter
        As in `RetryPolicy`.
    exceptions
        Which errors are worth another try.
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

    def worth_it(error: BaseException) -> bool:
        return isinstance(error, exceptions) and not (isinstance(error, AIVoiceError) and not error.retryable)

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def repeated_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                return await call_with_retry_async(
                    functools.partial(function, *args, **kwargs), policy, retryable=worth_it, sleep=sleep
                )

            return cast("Callable[P, T]", repeated_async)

        @functools.wraps(function)
        def repeated(*args: P.args, **kwargs: P.kwargs) -> T:
            return call_with_retry(
                functools.partial(function, *args, **kwargs), policy, retryable=worth_it, sleep=sleep or time.sleep
            )

        return repeated

    return decorate


def _wait_or_none(
    error: Exception,
    attempt: int,
    policy: RetryPolicy,
    retryable: Callable[[BaseException], bool],
    budget: RetryBudget | None,
) -> float | None:
    if attempt >= policy.max_attempts or not retryable(error):
        return None
    wait = policy.wait(attempt, error)
    deadline = current_deadline()
    # To wait for longer than one has, or for longer than anybody has allowed, is to hang.
    if wait >= deadline.remaining() if deadline is not None else wait > policy.max_delay:
        return None
    if budget is not None and not budget.spend():
        _log.warning("retry budget is spent", extra={"error_type": type(error).__name__})
        return None
    _log.info(
        "retrying", extra={"error_type": type(error).__name__, "attempt": attempt, "wait_seconds": round(wait, 3)}
    )
    return wait
