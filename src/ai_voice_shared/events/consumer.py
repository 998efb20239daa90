"""Parsing of delivered events into the domain's models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import ConfigurationError, InvalidPayloadError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ai_voice_shared.domain.events import DomainEvent
    from ai_voice_shared.events.claim_check import ClaimCheckStore

__all__ = ["parse_event"]


def parse_event(event: Mapping[str, Any], *, claim_checks: ClaimCheckStore | None = None) -> DomainEvent[Any]:
    """Parse an event that EventBridge delivered.

    Parameters
    ----------
    event
        The Lambda event of an EventBridge rule, or an SQS record whose body is such an event or, from the
        dead-letter queue, the domain event's own JSON.
    claim_checks
        The store with the data of large events; by default the bucket of `EventSettings`.

    Returns
    -------
    DomainEvent
        An instance of the model of its type, where the type has one.

    Raises
    ------
    InvalidPayloadError
        The event is not a valid event of this package.
    ConfigurationError
        The data is in a claim-check store, and no store is configured.

    Examples
    --------
    >>> event = parse_event(
    ...     {
    ...         "source": "subjects",
    ...         "detail-type": "subject.deleted",
    ...         "detail": {"event_type": "subject.deleted", "data": {"subject_id": "1"}},
    ...     }
    ... )
    >>> event.data.subject_id
    '1'
    """
    from ai_voice_shared.domain.events import event_from_dict

    fields = dict(_get_detail(event))
    reference = fields.pop("claim_check", None)
    if reference is not None:
        fields["data"] = _load_data(reference, claim_checks)
    return event_from_dict(fields)


def _get_detail(event: Mapping[str, Any]) -> Mapping[str, Any]:
    if "detail" not in event and "body" in event:
        try:
            event = json.loads(event["body"])
        except (TypeError, ValueError):
            event = {}
        if isinstance(event, dict) and "detail" not in event:
            return event
    detail = event.get("detail") if isinstance(event, dict) else None
    if not isinstance(detail, dict):
        msg = "not a valid EventBridge event: detail is missing"
        raise InvalidPayloadError(msg)
    if event.get("detail-type", detail.get("event_type")) != detail.get("event_type"):
        msg = "the event's detail-type and its detail.event_type differ"
        raise InvalidPayloadError(msg)
    return detail


def _load_data(reference: Any, claim_checks: ClaimCheckStore | None) -> Any:
    if not isinstance(reference, dict):
        msg = "the claim-check reference is not an object"
        raise InvalidPayloadError(msg)
    if claim_checks is None:
        from ai_voice_shared.events.claim_check import create_claim_check_store
        from ai_voice_shared.settings.events import EventSettings

        claim_checks = create_claim_check_store(EventSettings())
    if claim_checks is None:
        msg = "the event's data is in a claim-check bucket: set EVENTS_CLAIM_CHECK_BUCKET, or pass claim_checks="
        raise ConfigurationError(msg)
    try:
        return json.loads(claim_checks.get(reference))
    except ValueError:
        msg = "the data of the claim check is not valid JSON"
        raise InvalidPayloadError(msg) from None
