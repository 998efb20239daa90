"""What all clients of a service share in a process: its circuit. The retry budget is `shared_retry_budget`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker

__all__ = ["shared_circuit"]

_circuits: dict[str, CircuitBreaker] = {}
_lock = threading.Lock()


def shared_circuit(service: str) -> CircuitBreaker:
    """Give the circuit of a service: a client lives for a request, what was learned outlives it.

    Examples
    --------
    >>> shared_circuit("note-service") is shared_circuit("note-service")
    True
    """
    circuit = _circuits.get(service)
    if circuit is None:
        from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker, record_transition

        with _lock:
            circuit = _circuits.setdefault(service, CircuitBreaker(service, on_transition=record_transition))
    return circuit
