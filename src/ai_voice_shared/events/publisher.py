"""Publishing events: batches, retries of what failed, and a place for what still fails.

The retries are all made here: botocore's are turned off, so that an entry that failed in a request that succeeded and
a request that failed as a whole are counted, spaced and timed together, within the deadline of the work at hand.
Delivery is at least once; consumers tell a repetition by `event_id`.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import AIVoiceError, DeadlineExceededError, EventPublishError
from ai_voice_shared.events.claim_check import claim_checks_from
from ai_voice_shared.events.dead_letter import dead_letters_from
from ai_voice_shared.events.entries import Entry, batched_entries
from ai_voice_shared.events.results import EventOutcome, PublishResult
from ai_voice_shared.observability.tracing import get_tracer
from ai_voice_shared.resilience.retrying import RetryPolicy, RetryState
from ai_voice_shared.utils.deadline import Deadline, current_deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ai_voice_shared.domain.events import DomainEvent
    from ai_voice_shared.events.claim_check import ClaimCheckStore
    from ai_voice_shared.events.dead_letter import DeadLetterQueue
    from ai_voice_shared.settings.events import EventSettings

__all__ = ["EventPublisher"]

_log = logging.getLogger(__name__)

# An entry with one of these is wrong and stays wrong; every other code of an entry may pass.
_PERMANENT = frozenset(
    {
        "AccessDeniedException",
        "InvalidArgument",
        "MalformedDetail",
        "NotAuthorizedForDetailTypeException",
        "NotAuthorizedForSourceException",
        "RedactionFailure",
    }
)


@dataclass(slots=True)
class _Work:
    """An entry on its way."""

    entry: Entry
    attempts: int = 0
    eventbridge_id: str | None = None
    error_code: str | None = None
    permanent: bool = False


class EventPublisher:
    """Publishes domain events to an EventBridge bus.

    Parameters
    ----------
    settings
        By default read from the environment on first use.
    client
        A boto3 client of EventBridge, without retries of its own; by default the process's own.
    dead_letters
        Keeps what the bus did not take; by default the SQS queue of the settings, if they name one.
    claim_checks
        Keeps the data of events that are too large; by default the S3 bucket of the settings, if they name one.
    sleep
        Waits for a number of seconds between two tries.

    Examples
    --------
    >>> from ai_voice_shared.events import EventPublisher, create_subject_created_event
    >>> from ai_voice_shared.settings import EventSettings
    >>> class Bus:  # in place of EventBridge
    ...     def put_events(self, Entries):
    ...         return {"Entries": [{"EventId": f"{entry['DetailType']}-1"} for entry in Entries]}
    >>> publisher = EventPublisher(EventSettings(source="subjects"), client=Bus())
    >>> event = create_subject_created_event(subject_id="123", subject_data={"name": "Math"})
    >>> result = publisher.publish(event, soft_fail=True)
    >>> result.ok, result.published[0].eventbridge_id
    (True, 'subject.created-1')
    """

    def __init__(
        self,
        settings: EventSettings | None = None,
        *,
        client: Any = None,
        dead_letters: DeadLetterQueue | None = None,
        claim_checks: ClaimCheckStore | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._client = client
        self._dead_letters = dead_letters
        self._claim_checks = claim_checks
        self._sleep = sleep

    @property
    def settings(self) -> EventSettings:
        """The settings, read on first use."""
        if self._settings is None:
            from ai_voice_shared.settings.events import EventSettings

            self._settings = EventSettings()
        return self._settings

    def publish(self, event: DomainEvent[Any], *, soft_fail: bool = False) -> PublishResult:
        """Publish one event.

        Parameters
        ----------
        event
            The event.
        soft_fail
            Never raise: an event that could not be published is logged and told in the result.

        Raises
        ------
        EventPublishError
            The bus did not take it, and nobody kept it. Without `soft_fail` only.
        """
        return self.publish_many([event], soft_fail=soft_fail)

    def publish_many(self, events: Iterable[DomainEvent[Any]], *, soft_fail: bool = False) -> PublishResult:
        """Publish events in as few requests as they fit into, in their order.

        Parameters
        ----------
        events
            Any number.
        soft_fail
            As for `publish`.

        Returns
        -------
        PublishResult
            An outcome for each event. Those that were kept are no failure: they are late.
        """
        entries: list[Entry] = []
        unfit: dict[int, EventOutcome] = {}
        for position, event in enumerate(events):
            try:
                entries.append(Entry.of(event, source=self.settings.source))
            except AIVoiceError as error:
                if not soft_fail:
                    raise
                outcome = EventOutcome(event.event_id, str(event.event_type), "failed", error_code=error.code)
                _log.exception("an event could not be prepared", extra={"event_id": event.event_id})
                unfit[position] = outcome
        outcomes = iter(self.publish_entries(entries, soft_fail=soft_fail).outcomes)
        count = len(entries) + len(unfit)
        return PublishResult(tuple(unfit.get(position) or next(outcomes) for position in range(count)))

    def publish_entries(self, entries: Sequence[Entry], *, soft_fail: bool = False, keep: bool = True) -> PublishResult:
        """Publish entries that were made before: by an outbox, or for the dead-letter queue.

        Parameters
        ----------
        entries
            Any number.
        soft_fail
            As for `publish`.
        keep
            Send to the dead-letter queue what fails. False where the entries are safe already.
        """
        work = [_Work(entry) for entry in entries]
        try:
            self._check_in(work)
            self._send(work)
        except Exception as error:  # the promise of soft_fail holds for whatever it is
            if not soft_fail:
                raise
            _log.exception("events could not be sent")
            for item in work:
                if item.eventbridge_id is None:
                    item.error_code = item.error_code or type(error).__name__
        result = PublishResult(tuple(self._outcome(item, keep=keep) for item in work))
        if result.failed and not soft_fail:
            codes = ", ".join(sorted({outcome.error_code or "unknown" for outcome in result.failed}))
            msg = f"{len(result.failed)} of {len(work)} events were not published and not kept ({codes})"
            raise EventPublishError(msg, event_ids=[outcome.event_id for outcome in result.failed])
        return result

    def _check_in(self, work: list[_Work]) -> None:
        for item in work:
            if item.entry.size <= self.settings.max_entry_bytes:
                continue
            if self._claim_checks is None:
                self._claim_checks = claim_checks_from(self.settings)
            if self._claim_checks is None:
                item.error_code, item.permanent = "TooLarge", True
                continue
            try:
                item.entry = item.entry.claim_checked(self._claim_checks)
            except AIVoiceError as error:
                _log.exception("an event's data could not be stored", extra={"event_id": item.entry.event_id})
                item.error_code, item.permanent = error.code, True

    def _send(self, work: list[_Work]) -> None:
        deadline = current_deadline()
        timeout = self.settings.timeout
        seconds = timeout if deadline is None else min(timeout, deadline.remaining())
        if seconds > 0:
            self._send_until(Deadline(seconds, clock=time.monotonic), work)
        for item in work:
            if item.eventbridge_id is None:
                item.error_code = item.error_code or DeadlineExceededError.code

    def _send_until(self, deadline: Deadline, work: list[_Work]) -> None:
        settings = self.settings
        policy = RetryPolicy(settings.max_attempts, settings.retry_delay, max_delay=math.inf)
        retries = RetryState(policy, deadline=deadline, message="retrying events")
        sent = False
        while pending := [item for item in work if item.eventbridge_id is None and not item.permanent]:
            # PutEvents reports a failure for each entry, and only these are sent again.
            if sent:
                delay = retries.next_delay()
                if delay is None:
                    return
                self._sleep(delay)
            waiting = iter(pending)
            for batch in batched_entries([item.entry for item in pending], max_bytes=settings.max_entry_bytes):
                if sent and not deadline.remaining():
                    return
                sent = True
                self._put([next(waiting) for _ in batch])

    def _put(self, batch: list[_Work]) -> None:
        from ai_voice_shared.aws import classify_error

        bus = self.settings.bus_name
        for item in batch:
            item.attempts += 1
        with get_tracer().span("## events.put_events", bus=bus, entries=len(batch)) as span:
            try:
                answers = self._events_client().put_events(Entries=[item.entry.to_request(bus) for item in batch])
            except DeadlineExceededError as error:
                answers = {"Entries": [{"ErrorCode": error.code}] * len(batch)}
                permanent = True
            except Exception as error:
                failure = classify_error(error)
                if failure is None:
                    raise
                answers = {"Entries": [{"ErrorCode": failure.code}] * len(batch)}
                # All others (no credentials, no region, a parameter) are there at the next attempt as well.
                permanent = not failure.transient
            else:
                permanent = False
            for item, answer in zip(batch, answers["Entries"], strict=True):
                item.eventbridge_id = answer.get("EventId")
                item.error_code = answer.get("ErrorCode")
                item.permanent = permanent or item.error_code in _PERMANENT
            span.annotate("failed", sum(item.eventbridge_id is None for item in batch))

    def _outcome(self, item: _Work, *, keep: bool) -> EventOutcome:
        entry = item.entry
        outcome = partial(EventOutcome, entry.event_id, entry.event_type, attempts=item.attempts)
        if item.eventbridge_id is not None:
            return outcome("published", item.eventbridge_id)
        facts = {"event_id": entry.event_id, "event_type": entry.event_type, "error_code": item.error_code}
        if keep and self._kept(entry, item.error_code or "unknown"):
            _log.warning("an event was not published; the dead-letter queue has it", extra=facts)
            return outcome("kept", error_code=item.error_code)
        _log.error("an event was not published", extra=facts)
        return outcome("failed", error_code=item.error_code)

    def _kept(self, entry: Entry, error_code: str) -> bool:
        try:
            if self._dead_letters is None:
                self._dead_letters = dead_letters_from(self.settings)
            if self._dead_letters is None:
                return False
            self._dead_letters.keep(entry, error_code)
        except Exception:  # noqa: BLE001 - whatever it is, the event is not kept, and the outcome tells it
            _log.exception("the dead-letter queue did not take an event", extra={"event_id": entry.event_id})
            return False
        return True

    def _events_client(self) -> Any:
        if self._client is None:
            from ai_voice_shared.aws import aws_client

            self._client = aws_client(
                "events",
                region_name=self.settings.region,
                connect_timeout=self.settings.connect_timeout,
                read_timeout=self.settings.read_timeout,
                retries={"total_max_attempts": 1, "mode": "standard"},
            )
        return self._client
