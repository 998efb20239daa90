"""What retries are paid from, so that an outage is not multiplied by those who ask again."""

from __future__ import annotations

import threading

__all__ = ["RetryBudget", "process_budget"]


class RetryBudget:
    """A purse that all retries of a process are paid from, so that an outage is not multiplied.

    Parameters
    ----------
    capacity
        Retries that may be made in a row.
    refill
        What each success puts back: 0.1 allows one retry for ten successes.

    Examples
    --------
    >>> budget = RetryBudget(capacity=1)
    >>> budget.spend(), budget.spend()
    (True, False)
    """

    def __init__(self, capacity: float = 10.0, refill: float = 0.1) -> None:
        self._capacity = self._left = capacity
        self._refill = refill
        self._lock = threading.Lock()

    def spend(self) -> bool:
        """Pay for a retry; False where nothing is left."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def succeed(self) -> None:
        """Put a little back."""
        # Full is the normal state, and seen without the lock it costs nothing.
        if self._left < self._capacity:
            with self._lock:
                self._left = min(self._capacity, self._left + self._refill)


_budgets: dict[str, RetryBudget] = {}


def process_budget(service: str) -> RetryBudget:
    """Give the purse that all of this process's retries of a service are paid from.

    Examples
    --------
    >>> process_budget("customer-lookup-server") is process_budget("customer-lookup-server")
    True
    """
    # Of two that threads make at the same time, one is kept.
    return _budgets.get(service) or _budgets.setdefault(service, RetryBudget())
