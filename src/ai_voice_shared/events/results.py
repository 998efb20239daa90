"""The results of publishing events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["EventOutcome", "PublishResult"]


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """The outcome of one event.

    Attributes
    ----------
    event_id, event_type : str
        The event.
    status : {"published", "dead_lettered", "failed"}
        On the bus; in the dead-letter queue; in neither.
    eventbridge_id : str | None
        The id assigned by EventBridge.
    error_code : str | None
        Why it is not on the bus.
    attempts : int
        The number of times it was sent.
    """

    event_id: str
    event_type: str
    status: Literal["published", "dead_lettered", "failed"]
    eventbridge_id: str | None = None
    error_code: str | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class PublishResult:
    """The outcomes of all events of one call, in order.

    Examples
    --------
    >>> result = PublishResult((EventOutcome("e1", "call.completed", "published", "b1", attempts=1),))
    >>> result.ok, len(result.published), result.failed
    (True, 1, ())
    """

    outcomes: tuple[EventOutcome, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every event is on the bus."""
        return all(outcome.status == "published" for outcome in self.outcomes)

    @property
    def published(self) -> tuple[EventOutcome, ...]:
        """The outcomes of the events on the bus."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "published")

    @property
    def dead_lettered(self) -> tuple[EventOutcome, ...]:
        """The outcomes of the events in the dead-letter queue: delayed, not lost."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "dead_lettered")

    @property
    def failed(self) -> tuple[EventOutcome, ...]:
        """The outcomes of the events in neither: lost unless the caller publishes them again."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")
