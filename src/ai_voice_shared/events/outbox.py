"""For those who cannot lose an event: it is written in the same transaction as what it tells of, and sent later.

A service that writes its own item and then publishes can die in between. With an outbox the event is an item beside
the other, written with it or not at all; `relay_stream` or `relay_pending` sends it from there.
https://docs.aws.amazon.com/prescriptive-guidance/latest/cloud-design-patterns/transactional-outbox.html
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

from ai_voice_shared.errors import (
    ConflictError,
    InvalidPayloadError,
    MissingSettingError,
    PayloadTooLargeError,
    ServiceUnavailableError,
)
from ai_voice_shared.events.entries import Entry
from ai_voice_shared.observability.tracing import get_tracer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ai_voice_shared.domain.events import DomainEvent
    from ai_voice_shared.events.claim_check import ClaimCheckStore
    from ai_voice_shared.settings.events import EventSettings

__all__ = ["DynamoDBOutbox", "Outbox", "OutboxRecord"]

_log = logging.getLogger(__name__)
_MAX_DETAIL = 256 * 1024
"""Bytes of an event's JSON: it has to fit on the bus, and DynamoDB's items end at 400 KB."""

_DELETES = 25
_TRANSACTION = 100
_NOT_WRITTEN = frozenset({"TransactionCanceledException", "TransactionInProgressException"})


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    """An event that waits, and where.

    Attributes
    ----------
    key : str
        Its place in the outbox.
    entry : Entry
        The event, ready to be sent.
    """

    key: str
    entry: Entry


@runtime_checkable
class Outbox(Protocol):
    """Keeps events that are still to be sent."""

    def pending(self, limit: int = 100) -> list[OutboxRecord]:
        """Give the oldest events that wait."""

    def remove(self, records: Sequence[OutboxRecord]) -> None:
        """Forget events that were sent."""


class DynamoDBOutbox:
    """An outbox in a DynamoDB table whose keys are the strings `pk` and `sk`; other items may live beside it.

    Parameters
    ----------
    table_name
        The table. For `relay_stream` its stream has to show new images.
    source
        The service, for events that name none.
    name
        Tells the outboxes of one table apart.
    client
        A boto3 DynamoDB client; by default the process's own.
    claim_checks
        Keeps the data of events that are too large.
    region
        The table's region, for the default client.
    """

    def __init__(
        self,
        table_name: str,
        *,
        source: str | None = None,
        name: str = "events",
        client: Any = None,
        claim_checks: ClaimCheckStore | None = None,
        region: str | None = None,
    ) -> None:
        self._table_name = table_name
        self._source = source
        self._partition = f"outbox#{name}"
        self._client = client
        self._claim_checks = claim_checks
        self._region = region

    @classmethod
    def from_settings(cls, settings: EventSettings | None = None, *, client: Any = None) -> Self:
        """Make the outbox that the settings name.

        Parameters
        ----------
        settings
            By default read from the environment.
        client
            As for the class.

        Raises
        ------
        MissingSettingError
            They name no table.
        """
        from ai_voice_shared.events.claim_check import claim_checks_from
        from ai_voice_shared.settings.events import EventSettings as Defaults

        settings = settings or Defaults()
        if settings.outbox_table is None:
            setting, owner = "outbox_table", "EventSettings"
            raise MissingSettingError(setting, owner, ["EVENTS_OUTBOX_TABLE"])
        return cls(
            settings.outbox_table,
            source=settings.source,
            client=client,
            claim_checks=claim_checks_from(settings),
            region=settings.region,
        )

    def transact_items(self, events: Iterable[DomainEvent[Any]]) -> list[dict[str, Any]]:
        """Give the members of `TransactItems` that put events into the outbox, for a transaction of the caller's own.

        Raises
        ------
        PayloadTooLargeError
            An event is too large, and there is no store for its data.
        """
        return [
            {
                "Put": {
                    "TableName": self._table_name,
                    "Item": {
                        "pk": {"S": self._partition},
                        "sk": {"S": f"{time.time_ns():020d}#{event.event_id}"},
                        "detail": {"S": self._fitting(Entry.of(event, source=self._source)).detail},
                    },
                }
            }
            for event in events
        ]

    def write(self, items: Sequence[Mapping[str, Any]], events: Iterable[DomainEvent[Any]]) -> None:
        """Write the caller's items and the events that tell of them, all or none.

        Parameters
        ----------
        items
            Members of `TransactItems` (`Put`, `Update`, `Delete`, `ConditionCheck`).
        events
            The events; with the items not more than 100.

        Raises
        ------
        ConflictError
            A condition does not hold, or another transaction was under way. Nothing was written.
        ServiceError
            DynamoDB refused it or could not be reached.
        """
        everything = [*items, *self.transact_items(events)]
        if len(everything) > _TRANSACTION:
            msg = f"a transaction has {_TRANSACTION} items at most, not {len(everything)}"
            raise PayloadTooLargeError(msg)
        if everything:
            self._call("transact_write_items", TransactItems=everything)

    def pending(self, limit: int = 100) -> list[OutboxRecord]:
        """Give the oldest events that wait.

        Parameters
        ----------
        limit
            Events at most.
        """
        records: list[OutboxRecord] = []
        page: dict[str, Any] = {}
        while len(records) < limit:
            answer = self._call(
                "query",
                TableName=self._table_name,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": self._partition}},
                ConsistentRead=True,
                Limit=limit - len(records),
                **page,
            )
            records += [record for item in answer["Items"] if (record := self._record(item)) is not None]
            if "LastEvaluatedKey" not in answer:
                break
            page = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return records

    def from_image(self, image: Mapping[str, Any]) -> OutboxRecord | None:
        """Give the record of an item as the table's stream shows it; None for others, and for one that is no event."""
        return self._record(image) if image.get("pk", {}).get("S") == self._partition else None

    def remove(self, records: Sequence[OutboxRecord]) -> None:
        """Forget events that were sent. One that is gone already is no error."""
        requests = [
            {"DeleteRequest": {"Key": {"pk": {"S": self._partition}, "sk": {"S": record.key}}}} for record in records
        ]
        while requests:
            batch, requests = requests[:_DELETES], requests[_DELETES:]
            answer = self._call("batch_write_item", RequestItems={self._table_name: batch})
            left = answer.get("UnprocessedItems", {}).get(self._table_name, [])
            if len(left) == len(batch):
                msg = "DynamoDB takes no deletes now; the events that were sent will be sent again"
                raise ServiceUnavailableError(msg, service="dynamodb")
            requests += left

    def _fitting(self, entry: Entry) -> Entry:
        if entry.size <= _MAX_DETAIL:
            return entry
        if self._claim_checks is None:
            msg = f"the event has more than {_MAX_DETAIL} bytes: pass claim_checks= to the outbox"
            raise PayloadTooLargeError(msg, context={"event_id": entry.event_id, "size": entry.size})
        return entry.claim_checked(self._claim_checks)

    @staticmethod
    def _record(item: Mapping[str, Any]) -> OutboxRecord | None:
        try:
            return OutboxRecord(item["sk"]["S"], Entry.from_detail(item["detail"]["S"]))
        except (InvalidPayloadError, KeyError):
            # It stays, and holds nobody up: an error would come again with every try, and no event would get past it.
            key = item.get("sk", {}).get("S")
            _log.error("the outbox has an item that is no event", extra={"outbox_key": key})
            return None

    def _call(self, method: str, **arguments: Any) -> Any:
        from ai_voice_shared.aws import classify_error, dynamodb_client, map_errors

        if self._client is None:
            self._client = dynamodb_client(region_name=self._region)
        call: Callable[..., Any] = getattr(self._client, method)
        facts: dict[str, Any] = {"table": self._table_name, "operation": method}
        with (
            get_tracer().span(f"## dynamodb.{method}", table=self._table_name),
            map_errors(service="dynamodb", action=f"{method} on the table {self._table_name}", **facts),
        ):
            try:
                return call(**arguments)
            except Exception as error:
                failure = classify_error(error)
                if failure is None or failure.code not in _NOT_WRITTEN:
                    raise
                response: Mapping[str, Any] = getattr(error, "response", {})
                reasons = [reason.get("Code") for reason in response.get("CancellationReasons", ())]
                msg = f"the transaction was not made ({failure.code}); nothing was written"
                raise ConflictError(msg, context={**facts, "reasons": reasons}) from error
