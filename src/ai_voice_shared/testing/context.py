"""A fake of Lambda's context, for handlers that a test calls."""

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
    """A fake of the context that Lambda passes to a handler.

    Its attributes are those of https://docs.aws.amazon.com/lambda/latest/dg/python-context.html.

    Parameters
    ----------
    function_name, memory_limit_in_mb, aws_request_id
        As Lambda names them.
    remaining_seconds
        Seconds that remain when the context is created.
    clock
        A monotonic clock.

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
        self._deadline = self.clock() + self.remaining_seconds

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN, in a fictitious account."""
        return f"arn:aws:lambda:eu-central-1:123456789012:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        """The function's log group."""
        return f"/aws/lambda/{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda would terminate the invocation."""
        return max(0, round((self._deadline - self.clock()) * 1000))
