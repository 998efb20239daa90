"""Lambda's context, for handlers that are called by a test."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FakeLambdaContext"]


@dataclass(kw_only=True)
class FakeLambdaContext:
    """What Lambda passes to a handler beside the event.

    Its attributes are those of https://docs.aws.amazon.com/lambda/latest/dg/python-context.html.

    Parameters
    ----------
    function_name, memory_limit_in_mb, aws_request_id
        As Lambda names them.
    remaining_seconds
        Seconds that the invocation has left when it begins.
    clock
        Seconds that only go forward.

    Examples
    --------
    >>> context = FakeLambdaContext(function_name="webhook-handler", remaining_seconds=3, clock=lambda: 100.0)
    >>> context.get_remaining_time_in_millis()
    3000
    """

    function_name: str = "test-function"
    memory_limit_in_mb: int = 256
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    remaining_seconds: float = 30.0
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    function_version: str = "$LATEST"
    log_stream_name: str = "2025/01/01/[$LATEST]0123456789abcdef0123456789abcdef"
    tenant_id: str | None = None
    identity: None = None
    client_context: None = None

    def __post_init__(self) -> None:
        self._ends_at = self.clock() + self.remaining_seconds

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN, in a fictitious account."""
        return f"arn:aws:lambda:eu-central-1:123456789012:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        """Where its lines go."""
        return f"/aws/lambda/{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda would end the invocation."""
        return max(0, round((self._ends_at - self.clock()) * 1000))
