"""Resilience: deadlines, retries, circuit breakers, idempotency and rate limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker as CircuitBreaker
    from ai_voice_shared.resilience.circuit_breaker import record_transition as record_transition
    from ai_voice_shared.resilience.idempotency import IdempotencyGuard as IdempotencyGuard
    from ai_voice_shared.resilience.idempotency import handle_once as handle_once
    from ai_voice_shared.resilience.retrying import RetryBudget as RetryBudget
    from ai_voice_shared.resilience.retrying import RetryPolicy as RetryPolicy
    from ai_voice_shared.resilience.retrying import retry as retry
    from ai_voice_shared.utils.deadline import Deadline as Deadline
    from ai_voice_shared.utils.deadline import current_deadline as current_deadline
    from ai_voice_shared.utils.deadline import use_deadline as use_deadline

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "CircuitBreaker": ".circuit_breaker",
        "Deadline": "..utils.deadline",
        "IdempotencyGuard": ".idempotency",
        "RetryBudget": ".retrying",
        "RetryPolicy": ".retrying",
        "current_deadline": "..utils.deadline",
        "handle_once": ".idempotency",
        "record_transition": ".circuit_breaker",
        "retry": ".retrying",
        "use_deadline": "..utils.deadline",
    },
)
