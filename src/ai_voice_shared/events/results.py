"""What became of the events that were handed to a publisher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["EventOutcome", "PublishResult"]


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """What became of one event.

    Attributes
    ----------
    event_id, event_type : str
        The event.
    status : {"published", "kept", "failed"}
        On the bus; in the dead-letter queue; nowhere.
    eventbridge_id : str | None
        The id that EventBridge gave it.
    error_code : str | None
        Why it is not on the bus.
    attempts : int
        How often it was sent.
    """

    event_id: str
    event_type: str
    status: Literal["published", "kept", "failed"]
    eventbridge_id: str | None = None
    error_code: str | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class PublishResult:
    """What became of all events of one call, in their order.

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
        """Those on the bus."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "published")

    @property
    def kept(self) -> tuple[EventOutcome, ...]:
        """Those in the dead-letter queue: late, and not lost."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "kept")

    @property
    def failed(self) -> tuple[EventOutcome, ...]:
        """Those that are nowhere: lost unless they are sent again."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")
