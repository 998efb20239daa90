"""A transactional outbox: an event is written in one transaction with the change it describes, and published later.

A service that writes its item and then publishes can fail in between. With an outbox the event is a second item of the
same transaction, written with the first or not at all; `relay_stream` or `relay_pending` publishes it from there.
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
"""Maximum bytes of an event's JSON: the bus has to accept it, and DynamoDB limits items to 400 KB."""

_MAX_DELETES = 25
_MAX_TRANSACTION_ITEMS = 100
_NOT_WRITTEN = frozenset({"TransactionCanceledException", "TransactionInProgressException"})


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    """A pending event and its key.

    Attributes
    ----------
    key : str
        Its sort key in the outbox.
    entry : Entry
        The event, serialized for sending.
    """

    key: str
    entry: Entry


@runtime_checkable
class Outbox(Protocol):
    """A store of events that are still to be published."""

    def pending(self, limit: int = 100) -> list[OutboxRecord]:
        """Return the oldest pending events."""

    def remove(self, records: Sequence[OutboxRecord]) -> None:
        """Remove published events."""


class DynamoDBOutbox:
    """An outbox in a DynamoDB table with the string keys `pk` and `sk`, which may hold other items as well.

    Parameters
    ----------
    table_name
        The table. `relay_stream` needs new images in its stream.
    source
        The service, for events without a source.
    name
        The outbox's name, where a table holds several.
    client
        A boto3 DynamoDB client; by default a shared client.
    claim_checks
        Stores the data of oversized events.
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
        """Create the outbox of the settings.

        Parameters
        ----------
        settings
            By default read from the environment.
        client
            As for the class.

        Raises
        ------
        MissingSettingError
            The settings name no table.
        """
        from ai_voice_shared.events.claim_check import create_claim_check_store
        from ai_voice_shared.settings.events import EventSettings as Defaults

        settings = settings or Defaults()
        if settings.outbox_table is None:
            setting, owner = "outbox_table", "EventSettings"
            raise MissingSettingError(setting, owner, ["EVENTS_OUTBOX_TABLE"])
        return cls(
            settings.outbox_table,
            source=settings.source,
            client=client,
            claim_checks=create_claim_check_store(settings),
            region=settings.region,
        )

    def transact_items(self, events: Iterable[DomainEvent[Any]]) -> list[dict[str, Any]]:
        """Return the members of `TransactItems` that put events into the outbox, for the caller's own transaction.

        Raises
        ------
        PayloadTooLargeError
            An event is too large, and no claim-check store is configured.
        """
        return [
            {
                "Put": {
                    "TableName": self._table_name,
                    "Item": {
                        "pk": {"S": self._partition},
                        "sk": {"S": f"{time.time_ns():020d}#{event.event_id}"},
                        "detail": {"S": self._offload_large(Entry.from_event(event, source=self._source)).detail},
                    },
                }
            }
            for event in events
        ]

    def write(self, items: Sequence[Mapping[str, Any]], events: Iterable[DomainEvent[Any]]) -> None:
        """Write the caller's items and the events that describe them, all or none.

        Parameters
        ----------
        items
            Members of `TransactItems` (`Put`, `Update`, `Delete`, `ConditionCheck`).
        events
            The events; at most 100 together with the items.

        Raises
        ------
        ConflictError
            A condition does not hold, or another transaction is in progress. Nothing was written.
        ServiceError
            DynamoDB refused the transaction or could not be reached.
        """
        transaction = [*items, *self.transact_items(events)]
        if len(transaction) > _MAX_TRANSACTION_ITEMS:
            msg = f"a transaction has at most {_MAX_TRANSACTION_ITEMS} items, not {len(transaction)}"
            raise PayloadTooLargeError(msg)
        if transaction:
            self._call("transact_write_items", TransactItems=transaction)

    def pending(self, limit: int = 100) -> list[OutboxRecord]:
        """Return the oldest pending events.

        Parameters
        ----------
        limit
            The maximum number of events.
        """
        records: list[OutboxRecord] = []
        page: dict[str, Any] = {}
        while len(records) < limit:
            response = self._call(
                "query",
                TableName=self._table_name,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": self._partition}},
                ConsistentRead=True,
                Limit=limit - len(records),
                **page,
            )
            records += [record for item in response["Items"] if (record := self._parse_item(item)) is not None]
            if "LastEvaluatedKey" not in response:
                break
            page = {"ExclusiveStartKey": response["LastEvaluatedKey"]}
        return records

    def from_image(self, image: Mapping[str, Any]) -> OutboxRecord | None:
        """Return the record of an image from the table's stream, or None where it is not a valid outbox item."""
        return self._parse_item(image) if image.get("pk", {}).get("S") == self._partition else None

    def remove(self, records: Sequence[OutboxRecord]) -> None:
        """Remove published events. An event that was removed before is not an error."""
        requests = [
            {"DeleteRequest": {"Key": {"pk": {"S": self._partition}, "sk": {"S": record.key}}}} for record in records
        ]
        while requests:
            batch, requests = requests[:_MAX_DELETES], requests[_MAX_DELETES:]
            response = self._call("batch_write_item", RequestItems={self._table_name: batch})
            unprocessed = response.get("UnprocessedItems", {}).get(self._table_name, [])
            if len(unprocessed) == len(batch):
                msg = "DynamoDB processed none of the deletes; the published events will be published again"
                raise ServiceUnavailableError(msg, service="dynamodb")
            requests += unprocessed

    def _offload_large(self, entry: Entry) -> Entry:
        if entry.size <= _MAX_DETAIL:
            return entry
        if self._claim_checks is None:
            msg = f"the event has more than {_MAX_DETAIL} bytes: pass claim_checks= to the outbox"
            raise PayloadTooLargeError(msg, context={"event_id": entry.event_id, "size": entry.size})
        return entry.offload_data(self._claim_checks)

    @staticmethod
    def _parse_item(item: Mapping[str, Any]) -> OutboxRecord | None:
        try:
            return OutboxRecord(item["sk"]["S"], Entry.from_detail(item["detail"]["S"]))
        except (InvalidPayloadError, KeyError):
            # Skipped, not raised: the error would recur on every run, and block all events after this item.
            key = item.get("sk", {}).get("S")
            _log.error("invalid item in the outbox", extra={"outbox_key": key})
            return None

    def _call(self, method: str, **arguments: Any) -> Any:
        from ai_voice_shared.aws import classify_error, dynamodb_client, map_errors

        if self._client is None:
            self._client = dynamodb_client(region_name=self._region)
        call: Callable[..., Any] = getattr(self._client, method)
        fields: dict[str, Any] = {"table": self._table_name, "operation": method}
        with (
            get_tracer().span(f"## dynamodb.{method}", table=self._table_name),
            map_errors(service="dynamodb", action=f"{method} on the table {self._table_name}", **fields),
        ):
            try:
                return call(**arguments)
            except Exception as error:
                failure = classify_error(error)
                if failure is None or failure.code not in _NOT_WRITTEN:
                    raise
                response: Mapping[str, Any] = getattr(error, "response", {})
                reasons = [reason.get("Code") for reason in response.get("CancellationReasons", ())]
                msg = f"the transaction failed ({failure.code}); nothing was written"
                raise ConflictError(msg, context={**fields, "reasons": reasons}) from error
