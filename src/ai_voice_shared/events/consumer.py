"""Reading events with the models that made them."""

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
    """Make the domain event out of what EventBridge delivered.

    Parameters
    ----------
    event
        The Lambda event of an EventBridge rule, or a record of SQS whose body is one, or is the event's own JSON as
        the dead-letter queue keeps it.
    claim_checks
        Where the data of large events waits; by default the bucket that `EventSettings` names.

    Returns
    -------
    DomainEvent
        Of its own class where the type has a model.

    Raises
    ------
    InvalidPayloadError
        It is no event of this package.
    ConfigurationError
        The data waits in a store, and none is set up here.

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

    fields = dict(_detail(event))
    ticket = fields.pop("claim_check", None)
    if ticket is not None:
        fields["data"] = _claimed(ticket, claim_checks)
    return event_from_dict(fields)


def _detail(event: Mapping[str, Any]) -> Mapping[str, Any]:
    if "detail" not in event and "body" in event:
        try:
            event = json.loads(event["body"])
        except (TypeError, ValueError):
            event = {}
        if isinstance(event, dict) and "detail" not in event:
            return event
    detail = event.get("detail") if isinstance(event, dict) else None
    if not isinstance(detail, dict):
        msg = "this is no event of EventBridge: it has no detail"
        raise InvalidPayloadError(msg)
    if event.get("detail-type", detail.get("event_type")) != detail.get("event_type"):
        msg = "the event's detail-type is not the type that its detail says"
        raise InvalidPayloadError(msg)
    return detail


def _claimed(ticket: Any, claim_checks: ClaimCheckStore | None) -> Any:
    if not isinstance(ticket, dict):
        msg = "the claim check cannot be read"
        raise InvalidPayloadError(msg)
    if claim_checks is None:
        from ai_voice_shared.events.claim_check import claim_checks_from
        from ai_voice_shared.settings.events import EventSettings

        claim_checks = claim_checks_from(EventSettings())
    if claim_checks is None:
        msg = "the event's data waits in a bucket: set EVENTS_CLAIM_CHECK_BUCKET, or pass claim_checks="
        raise ConfigurationError(msg)
    try:
        return json.loads(claim_checks.get(ticket))
    except ValueError:
        msg = "what the claim check stands for is not JSON"
        raise InvalidPayloadError(msg) from None
