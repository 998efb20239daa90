"""What all clients of a service share in a process: its circuit, and the purse that retries are paid from."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker
    from ai_voice_shared.resilience.retrying import RetryBudget

__all__ = ["shared_parts"]

_parts: dict[str, tuple[CircuitBreaker, RetryBudget]] = {}
_parts_lock = threading.Lock()


def shared_parts(service: str) -> tuple[CircuitBreaker, RetryBudget]:
    """Give the circuit and the purse of a service: a client lives for a request, what was learned outlives it.

    Examples
    --------
    >>> shared_parts("note-service") == shared_parts("note-service")
    True
    """
    parts = _parts.get(service)
    if parts is None:
        from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker, record_transition
        from ai_voice_shared.resilience.retrying import RetryBudget

        with _parts_lock:
            breaker = CircuitBreaker(service, on_transition=record_transition)
            parts = _parts.setdefault(service, (breaker, RetryBudget()))
    return parts
