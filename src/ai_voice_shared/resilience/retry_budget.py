"""A budget that limits retries, so that an outage is not multiplied by the clients that retry."""

from __future__ import annotations

import threading

__all__ = ["RetryBudget", "shared_retry_budget"]


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
        """Take the token of a retry; return False where none is left."""
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
