"""An event as EventBridge's PutEvents takes it, and how many of them fit into one request.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import InvalidPayloadError, MissingSettingError
from ai_voice_shared.observability.correlation import get_correlation_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ai_voice_shared.domain.events import DomainEvent
    from ai_voice_shared.events.claim_check import ClaimCheckStore

__all__ = ["MAX_ENTRIES", "Entry", "batched_entries"]

MAX_ENTRIES = 10
"""Entries that one PutEvents request may have."""

_TIME_BYTES = 14


@dataclass(frozen=True, slots=True)
class Entry:
    """An event that is ready to be sent.

    Parameters
    ----------
    event_id, event_type, source
        From the event.
    occurred_at
        When it happened.
    detail
        The event's JSON, or its envelope with a claim check where the data is.
    """

    event_id: str
    event_type: str
    source: str
    occurred_at: datetime
    detail: str

    @classmethod
    def of(cls, event: DomainEvent[Any], *, source: str | None) -> Entry:
        """Make the entry of an event; what it leaves open comes from the publisher and the work at hand.

        Parameters
        ----------
        event
            The event.
        source
            The publisher's name, for an event without one.

        Raises
        ------
        MissingSettingError
            Neither the event nor the publisher names a source.
        InvalidPayloadError
            The event's data holds something that JSON cannot hold.
        """
        if event.source is None and source is None:
            setting, owner, variables = "source", "EventSettings", ["EVENTS_SOURCE", "POWERTOOLS_SERVICE_NAME"]
            raise MissingSettingError(setting, owner, variables)
        # `source` is narrowed for the type checker; the event's own has the first word.
        name = event.source or source or ""
        complete = event.model_copy(
            update={"source": name, "correlation_id": event.correlation_id or get_correlation_id()}
        )
        try:
            detail = complete.model_dump_json()
        except ValueError:
            msg = "the event's data cannot be written as JSON"
            raise InvalidPayloadError(msg, context={"event_id": event.event_id}) from None
        return cls(event.event_id, str(event.event_type), name, event.occurred_at, detail)

    @classmethod
    def from_detail(cls, detail: str) -> Entry:
        """Make the entry again from the JSON that was kept.

        Raises
        ------
        InvalidPayloadError
            It is not the JSON of an event.
        """
        msg = "the kept text is not an event of this package"
        try:
            fields = json.loads(detail)
            occurred_at = datetime.fromisoformat(fields["occurred_at"])
            names = [fields["event_id"], fields["event_type"], fields["source"]]
        except (ValueError, KeyError, TypeError):
            raise InvalidPayloadError(msg) from None
        if not all(isinstance(name, str) and name for name in names):
            raise InvalidPayloadError(msg)
        return cls(names[0], names[1], names[2], occurred_at, detail)

    @property
    def size(self) -> int:
        """Bytes, as EventBridge counts them: the time as 14, and source, type and detail in UTF-8.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
        """
        return _TIME_BYTES + sum(len(text.encode()) for text in (self.source, self.event_type, self.detail))

    def claim_checked(self, store: ClaimCheckStore) -> Entry:
        """Put the event's data into the store, and give the entry with the ticket in its place."""
        fields = json.loads(self.detail)
        data = json.dumps(fields.pop("data"), ensure_ascii=False, separators=(",", ":")).encode()
        fields["claim_check"] = dict(store.put(self.event_id, data))
        return replace(self, detail=json.dumps(fields, ensure_ascii=False, separators=(",", ":")))

    def to_request(self, bus_name: str) -> dict[str, Any]:
        """Give the member of `Entries` in the request."""
        request: dict[str, Any] = {
            "Source": self.source,
            "DetailType": self.event_type,
            "Detail": self.detail,
            "Time": self.occurred_at,
            "EventBusName": bus_name,
        }
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        return {**request, "TraceHeader": trace} if trace else request


def batched_entries(entries: Iterable[Entry], *, max_bytes: int) -> Iterator[list[Entry]]:
    """Cut entries into requests: ten at most, and not more bytes than a request may have.

    An entry that is too large alone comes alone: EventBridge is the one to refuse it.

    Parameters
    ----------
    entries
        In their order.
    max_bytes
        Bytes of one request.
    """
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if batch and (len(batch) == MAX_ENTRIES or size + entry.size > max_bytes):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += entry.size
    if batch:
        yield batch
