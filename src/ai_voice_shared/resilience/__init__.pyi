# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
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

__all__ = [
    "CircuitBreaker",
    "Deadline",
    "IdempotencyGuard",
    "RetryBudget",
    "RetryPolicy",
    "current_deadline",
    "handle_once",
    "record_transition",
    "retry",
    "use_deadline",
]
