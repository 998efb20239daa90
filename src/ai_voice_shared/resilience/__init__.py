"""Resilience: deadlines, retries, circuit breakers, idempotency and rate limits."""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "..utils.deadline": ("Deadline", "current_deadline", "use_deadline"),
        ".circuit_breaker": ("CircuitBreaker", "record_transition"),
        ".idempotency": ("IdempotencyGuard", "handle_once"),
        ".retrying": ("RetryBudget", "RetryPolicy", "retry"),
    },
)
