"""The event publisher for coroutines."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ai_voice_shared.events.publisher import EventPublisher

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ai_voice_shared.domain.events import DomainEvent
    from ai_voice_shared.events.claim_check import ClaimCheckStore
    from ai_voice_shared.events.dead_letter import DeadLetterQueue
    from ai_voice_shared.events.results import PublishResult
    from ai_voice_shared.settings.events import EventSettings

__all__ = ["AsyncEventPublisher"]


class AsyncEventPublisher:
    """Publisher of domain events from coroutines, on asyncio and trio.

    boto3 has no asynchronous interface; each call runs in a worker thread, with the caller's context.

    Parameters
    ----------
    settings, client, dead_letters, claim_checks
        As for `EventPublisher`.
    publisher
        The synchronous publisher to use, in place of the other arguments.

    Examples
    --------
    >>> async def handle(event_publisher: AsyncEventPublisher, event: "DomainEvent") -> None:
    ...     await event_publisher.publish(event, soft_fail=True)
    """

    def __init__(
        self,
        settings: EventSettings | None = None,
        *,
        client: Any = None,
        dead_letters: DeadLetterQueue | None = None,
        claim_checks: ClaimCheckStore | None = None,
        publisher: EventPublisher | None = None,
    ) -> None:
        self._publisher = publisher or EventPublisher(
            settings, client=client, dead_letters=dead_letters, claim_checks=claim_checks
        )

    async def publish(self, event: DomainEvent[Any], *, soft_fail: bool = False) -> PublishResult:
        """Publish one event; see `EventPublisher.publish`."""
        return await self.publish_many([event], soft_fail=soft_fail)

    async def publish_many(self, events: Iterable[DomainEvent[Any]], *, soft_fail: bool = False) -> PublishResult:
        """Publish events; see `EventPublisher.publish_many`."""
        from anyio.to_thread import run_sync

        return await run_sync(partial(self._publisher.publish_many, list(events), soft_fail=soft_fail))
