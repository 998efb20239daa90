"""Entries of EventBridge's PutEvents, and their batches.

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

__all__ = ["MAX_ENTRIES", "Entry", "batch_entries"]

MAX_ENTRIES = 10
"""The maximum number of entries in one PutEvents request."""

_TIME_BYTES = 14


@dataclass(frozen=True, slots=True)
class Entry:
    """An event serialized for sending.

    Parameters
    ----------
    event_id, event_type, source
        From the event.
    occurred_at
        When it happened.
    detail
        The event's JSON; a claim-check reference replaces data stored elsewhere.
    """

    event_id: str
    event_type: str
    source: str
    occurred_at: datetime
    detail: str

    @classmethod
    def from_event(cls, event: DomainEvent[Any], *, source: str | None) -> Entry:
        """Create the entry of an event, with the publisher's source and the current correlation id as defaults.

        Parameters
        ----------
        event
            The event.
        source
            The publisher's name, for an event without a source.

        Raises
        ------
        MissingSettingError
            Neither the event nor the publisher names a source.
        InvalidPayloadError
            The event's data cannot be serialized as JSON.
        """
        if event.source is None and source is None:
            setting, owner, variables = "source", "EventSettings", ["EVENTS_SOURCE", "POWERTOOLS_SERVICE_NAME"]
            raise MissingSettingError(setting, owner, variables)
        # The event's own source takes precedence; the empty string only satisfies the type checker.
        name = event.source or source or ""
        complete = event.model_copy(
            update={"source": name, "correlation_id": event.correlation_id or get_correlation_id()}
        )
        try:
            detail = complete.model_dump_json()
        except ValueError:
            msg = "the event's data cannot be serialized as JSON"
            raise InvalidPayloadError(msg, context={"event_id": event.event_id}) from None
        return cls(event.event_id, str(event.event_type), name, event.occurred_at, detail)

    @classmethod
    def from_detail(cls, detail: str) -> Entry:
        """Restore an entry from its stored JSON.

        Raises
        ------
        InvalidPayloadError
            The text is not the JSON of an event.
        """
        msg = "the stored text is not a valid event of this package"
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
        """The size in bytes as EventBridge counts it: 14 for the time, plus source, type and detail in UTF-8.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
        """
        return _TIME_BYTES + sum(len(text.encode()) for text in (self.source, self.event_type, self.detail))

    def offload_data(self, store: ClaimCheckStore) -> Entry:
        """Store the event's data and return an entry that carries the claim-check reference instead."""
        fields = json.loads(self.detail)
        data = json.dumps(fields.pop("data"), ensure_ascii=False, separators=(",", ":")).encode()
        fields["claim_check"] = dict(store.put(self.event_id, data))
        return replace(self, detail=json.dumps(fields, ensure_ascii=False, separators=(",", ":")))

    def to_request(self, bus_name: str) -> dict[str, Any]:
        """Return the member of `Entries` for a PutEvents request."""
        request: dict[str, Any] = {
            "Source": self.source,
            "DetailType": self.event_type,
            "Detail": self.detail,
            "Time": self.occurred_at,
            "EventBusName": bus_name,
        }
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        return {**request, "TraceHeader": trace} if trace else request


def batch_entries(entries: Iterable[Entry], *, max_bytes: int) -> Iterator[list[Entry]]:
    """Split entries into batches within the limits of a request: ten entries and `max_bytes`.

    An entry that exceeds the limit alone forms its own batch, for EventBridge to refuse.

    Parameters
    ----------
    entries
        The entries, in order.
    max_bytes
        The maximum size of one request.
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
