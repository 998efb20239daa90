"""The root of the error tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "AIVoiceError",
]


class AIVoiceError(Exception):
    """The root of the error tree: `except AIVoiceError` catches every error that this package raises deliberately.

    Parameters
    ----------
    message
        What went wrong and what to do, for a log line. No personal data.
    details
        One entry for each problem, for the caller of an API.
    context
        Fields for a structured log line: names of resources, never personal data.

    Attributes
    ----------
    status : int
        The HTTP status that a service should respond with.
    code : str
        A stable name for machines.
    retryable : bool
        Whether the same call can succeed a moment later.

    Examples
    --------
    >>> error = AIVoiceError("the queue is full", context={"queue": "notes"})
    >>> str(error), error.status, error.context
    ('the queue is full', 500, {'queue': 'notes'})
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"
    retryable: ClassVar[bool] = False

    def __init__(
        self, message: str = "", *, details: Sequence[Any] = (), context: Mapping[str, Any] | None = None
    ) -> None:
        # `args` remains what the constructor was called with, so that errors can be copied and pickled.
        self.message = message or self.title
        self.details = list(details)
        self.context = dict(context or {})

    def __str__(self) -> str:
        return self.message
