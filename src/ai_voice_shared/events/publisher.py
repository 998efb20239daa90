"""The event publisher: batches, retries of failed entries, and a dead-letter queue for those that still fail.

All retries happen here and botocore's are disabled, so that one policy, within the current deadline, covers both an
entry that failed in a successful request and a request that failed as a whole. Delivery is at least once; consumers
detect duplicates by `event_id`.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import AIVoiceError, DeadlineExceededError, EventPublishError
from ai_voice_shared.events.claim_check import create_claim_check_store
from ai_voice_shared.events.dead_letter import create_dead_letter_queue
from ai_voice_shared.events.entries import Entry, batch_entries
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

# An entry with one of these codes fails at every attempt; every other code may be transient.
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
class _Delivery:
    """An entry and the state of its delivery."""

    entry: Entry
    attempts: int = 0
    eventbridge_id: str | None = None
    error_code: str | None = None
    permanent: bool = False


class EventPublisher:
    """Publisher of domain events to an EventBridge bus.

    Parameters
    ----------
    settings
        By default read from the environment on first use.
    client
        A boto3 client for EventBridge with its retries disabled; by default a shared client.
    dead_letters
        Receives events that could not be published; by default the SQS queue of the settings, if configured.
    claim_checks
        Stores the data of oversized events; by default the S3 bucket of the settings, if configured.
    sleep
        Waits for a number of seconds between two attempts.

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
            Never raise: an event that could not be published is logged and reported in the result.

        Raises
        ------
        EventPublishError
            The event reached neither the bus nor the dead-letter queue. Only without `soft_fail`.
        """
        return self.publish_many([event], soft_fail=soft_fail)

    def publish_many(self, events: Iterable[DomainEvent[Any]], *, soft_fail: bool = False) -> PublishResult:
        """Publish events in order, in as few requests as possible.

        Parameters
        ----------
        events
            Any number of events.
        soft_fail
            As for `publish`.

        Returns
        -------
        PublishResult
            An outcome for each event. A dead-lettered event is delayed and not a failure.
        """
        entries: list[Entry] = []
        invalid: dict[int, EventOutcome] = {}
        for position, event in enumerate(events):
            try:
                entries.append(Entry.from_event(event, source=self.settings.source))
            except AIVoiceError as error:
                if not soft_fail:
                    raise
                outcome = EventOutcome(event.event_id, str(event.event_type), "failed", error_code=error.code)
                _log.exception("failed to prepare an event", extra={"event_id": event.event_id})
                invalid[position] = outcome
        outcomes = iter(self.publish_entries(entries, soft_fail=soft_fail).outcomes)
        count = len(entries) + len(invalid)
        return PublishResult(tuple(invalid.get(position) or next(outcomes) for position in range(count)))

    def publish_entries(
        self, entries: Sequence[Entry], *, soft_fail: bool = False, dead_letter: bool = True
    ) -> PublishResult:
        """Publish entries created earlier, such as those of an outbox or of the dead-letter queue.

        Parameters
        ----------
        entries
            Any number of entries.
        soft_fail
            As for `publish`.
        dead_letter
            Send failed entries to the dead-letter queue. False where the caller stores them already.
        """
        deliveries = [_Delivery(entry) for entry in entries]
        try:
            self._offload_large(deliveries)
            self._send(deliveries)
        except Exception as error:  # soft_fail promises that no exception escapes
            if not soft_fail:
                raise
            _log.exception("failed to send events")
            for item in deliveries:
                if item.eventbridge_id is None:
                    item.error_code = item.error_code or type(error).__name__
        result = PublishResult(tuple(self._create_outcome(item, dead_letter=dead_letter) for item in deliveries))
        if result.failed and not soft_fail:
            codes = ", ".join(sorted({outcome.error_code or "unknown" for outcome in result.failed}))
            msg = f"{len(result.failed)} of {len(deliveries)} events were neither published nor dead-lettered ({codes})"
            raise EventPublishError(msg, event_ids=[outcome.event_id for outcome in result.failed])
        return result

    def _offload_large(self, deliveries: list[_Delivery]) -> None:
        for item in deliveries:
            if item.entry.size <= self.settings.max_entry_bytes:
                continue
            if self._claim_checks is None:
                self._claim_checks = create_claim_check_store(self.settings)
            if self._claim_checks is None:
                item.error_code, item.permanent = "TooLarge", True
                continue
            try:
                item.entry = item.entry.offload_data(self._claim_checks)
            except AIVoiceError as error:
                _log.exception("failed to store an event's data", extra={"event_id": item.entry.event_id})
                item.error_code, item.permanent = error.code, True

    def _send(self, deliveries: list[_Delivery]) -> None:
        deadline = current_deadline()
        timeout = self.settings.timeout
        seconds = timeout if deadline is None else min(timeout, deadline.remaining())
        if seconds > 0:
            self._send_until(Deadline(seconds, clock=time.monotonic), deliveries)
        for item in deliveries:
            if item.eventbridge_id is None:
                item.error_code = item.error_code or DeadlineExceededError.code

    def _send_until(self, deadline: Deadline, deliveries: list[_Delivery]) -> None:
        settings = self.settings
        policy = RetryPolicy(settings.max_attempts, settings.retry_delay, max_delay=math.inf)
        retries = RetryState(policy, deadline=deadline, message="retrying events")
        sent = False
        while pending := [item for item in deliveries if item.eventbridge_id is None and not item.permanent]:
            # PutEvents reports failures per entry, and only failed entries are sent again.
            if sent:
                delay = retries.next_delay()
                if delay is None:
                    return
                self._sleep(delay)
            remaining = iter(pending)
            for batch in batch_entries([item.entry for item in pending], max_bytes=settings.max_entry_bytes):
                if sent and not deadline.remaining():
                    return
                sent = True
                self._put_batch([next(remaining) for _ in batch])

    def _put_batch(self, batch: list[_Delivery]) -> None:
        from ai_voice_shared.aws import classify_error

        bus = self.settings.bus_name
        for item in batch:
            item.attempts += 1
        with get_tracer().span("## events.put_events", bus=bus, entries=len(batch)) as span:
            try:
                response = self._get_client().put_events(Entries=[item.entry.to_request(bus) for item in batch])
            except DeadlineExceededError as error:
                response = {"Entries": [{"ErrorCode": error.code}] * len(batch)}
                permanent = True
            except Exception as error:
                failure = classify_error(error)
                if failure is None:
                    raise
                response = {"Entries": [{"ErrorCode": failure.code}] * len(batch)}
                # All other failures (no credentials, no region, a bad parameter) would recur at the next attempt.
                permanent = not failure.transient
            else:
                permanent = False
            for item, entry_result in zip(batch, response["Entries"], strict=True):
                item.eventbridge_id = entry_result.get("EventId")
                item.error_code = entry_result.get("ErrorCode")
                item.permanent = permanent or item.error_code in _PERMANENT
            span.annotate("failed", sum(item.eventbridge_id is None for item in batch))

    def _create_outcome(self, item: _Delivery, *, dead_letter: bool) -> EventOutcome:
        entry = item.entry
        outcome = partial(EventOutcome, entry.event_id, entry.event_type, attempts=item.attempts)
        if item.eventbridge_id is not None:
            return outcome("published", item.eventbridge_id)
        fields = {"event_id": entry.event_id, "event_type": entry.event_type, "error_code": item.error_code}
        if dead_letter and self._dead_letter(entry, item.error_code or "unknown"):
            _log.warning("event not published; sent to the dead-letter queue", extra=fields)
            return outcome("dead_lettered", error_code=item.error_code)
        _log.error("event not published", extra=fields)
        return outcome("failed", error_code=item.error_code)

    def _dead_letter(self, entry: Entry, error_code: str) -> bool:
        try:
            if self._dead_letters is None:
                self._dead_letters = create_dead_letter_queue(self.settings)
            if self._dead_letters is None:
                return False
            self._dead_letters.send(entry, error_code)
        except Exception:  # noqa: BLE001 - whatever the error, the event is not in the queue and counts as failed
            _log.exception("failed to send an event to the dead-letter queue", extra={"event_id": entry.event_id})
            return False
        return True

    def _get_client(self) -> Any:
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
