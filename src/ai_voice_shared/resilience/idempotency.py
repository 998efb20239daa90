"""Idempotent processing of webhooks: a message is delivered at least once, claimed in DynamoDB, and handled once.

Powertools Idempotency makes the claims. Added here is what a Twilio webhook needs: the keys, the time after which
another delivery may take a claim over, responses that make Twilio retry, and a table without personal data.
"""

from __future__ import annotations

import copy
import os
import re
import threading
from typing import TYPE_CHECKING, Protocol

from ai_voice_shared._once import locked_cached_property
from ai_voice_shared.errors import ServiceUnavailableError
from ai_voice_shared.observability.tracing import get_tracer
from ai_voice_shared.utils.deadline import current_deadline

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer

    from ai_voice_shared.settings.idempotency import IdempotencySettings
    from ai_voice_shared.utils.deadline import LambdaContext

__all__ = ["IdempotencyGuard", "IdempotentEvent", "handle_once"]

_OUTCOME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")


class IdempotentEvent(Protocol):
    """An event that can be recognised when it is delivered again, as `TwilioWebhookPayload` is."""

    @property
    def idempotency_key(self) -> str:
        """The same for every delivery of the event, and of no other event. No personal data."""


class IdempotencyGuard:
    """Handles each event once, however often it is delivered. One instance serves all threads.

    Parameters
    ----------
    settings
        The table; by default from the environment.
    store
        A Powertools persistence layer to use instead, for tests.

    Examples
    --------
    >>> from ai_voice_shared.settings.idempotency import IdempotencySettings
    >>> guard = IdempotencyGuard(IdempotencySettings(table_name="claims"))
    """

    def __init__(
        self, settings: IdempotencySettings | None = None, *, store: BasePersistenceLayer | None = None
    ) -> None:
        self._settings = settings
        self._store = store
        self._stores: dict[str, BasePersistenceLayer] = {}
        self._lock = threading.Lock()

    def handle(
        self, event: IdempotentEvent, handler: Callable[[], str | None], *, context: LambdaContext | None = None
    ) -> str | None:
        """Call `handler`, or return the outcome of an earlier delivery; see `handle_once`."""
        from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
        from aws_lambda_powertools.utilities.idempotency import exceptions as idempotency

        # Keys are distinct within a class: a status callback's includes the status, a message's does not.
        kind = type(event).__name__
        prefix = f"{os.environ.get('AWS_LAMBDA_FUNCTION_NAME', 'local')}.{kind}"

        def claimed(*, claim: str) -> str | None:  # noqa: ARG001 - Powertools hashes it
            return _check_outcome(handler())

        handle = idempotent_function(
            claimed,
            data_keyword_argument="claim",
            persistence_store=self._store_for(prefix),
            config=IdempotencyConfig(
                expires_after_seconds=self.settings.expires_after,
                lambda_context=_Remaining(self._remaining(context)),  # type: ignore[arg-type] # the method that is used
            ),
            key_prefix=prefix,
        )
        with get_tracer().span("## handle_once", kind=kind) as span:
            try:
                outcome: str | None = handle(claim=event.idempotency_key)
            except idempotency.IdempotencyAlreadyInProgressError:
                span.annotate("outcome", "in progress")
                raise ServiceUnavailableError(
                    "another delivery of this event is being processed",
                    service="idempotency",
                    context={"reason": "in_progress"},
                ) from None
            except (
                idempotency.IdempotencyPersistenceLayerError,
                idempotency.IdempotencyInconsistentStateError,
            ) as error:
                raise ServiceUnavailableError("the idempotency table is unavailable", service="idempotency") from error
        return outcome

    def _remaining(self, context: LambdaContext | None) -> int:
        if context is not None:
            return context.get_remaining_time_in_millis()
        deadline = current_deadline()
        seconds = self.settings.in_progress_timeout if deadline is None else deadline.remaining()
        return int(seconds * 1000)

    @locked_cached_property
    def settings(self) -> IdempotencySettings:
        """The settings; by default from the environment."""
        from ai_voice_shared.settings.idempotency import IdempotencySettings

        return self._settings or IdempotencySettings()

    def _store_for(self, prefix: str) -> BasePersistenceLayer:
        """Return the store of a prefix: Powertools stores the prefix in it, so two prefixes cannot share one."""
        with self._lock:
            if prefix in self._stores:
                return self._stores[prefix]
            if self._store is None:
                from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

                from ai_voice_shared.aws import dynamodb_client
                from ai_voice_shared.utils.deadline import DEFAULT_RESERVE

                settings = self.settings
                client = dynamodb_client(
                    region_name=settings.region,
                    connect_timeout=settings.connect_timeout,
                    read_timeout=settings.read_timeout,
                    # Without it, work that used up the deadline would not be recorded as done, and be done again.
                    grace=DEFAULT_RESERVE,
                )
                self._store = DynamoDBPersistenceLayer(table_name=settings.table_name, boto3_client=client)
            self._stores[prefix] = copy.copy(self._store)
            return self._stores[prefix]


class _Remaining:
    """The one method of Lambda's context that Powertools calls."""

    def __init__(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


def _check_outcome(outcome: str | None) -> str | None:
    if outcome is not None and not _OUTCOME.fullmatch(outcome):
        # The value is left out of the message: it may well contain personal data.
        msg = "the handler must return the name of its outcome, such as 'stored': it is stored in the table"
        raise TypeError(msg)
    return outcome


_shared_guard = IdempotencyGuard()


def handle_once(
    event: IdempotentEvent, handler: Callable[[], str | None], *, context: LambdaContext | None = None
) -> str | None:
    """Handle a webhook once, however often it is delivered.

    The event is claimed before `handler` is called. If that raises, the claim is released, so that the next delivery
    is handled; after a crash it expires as soon as the time is over that the invocation had left. The table comes
    from `IdempotencySettings`.

    Parameters
    ----------
    event
        A `TwilioWebhookPayload` (once for each message) or a `TwilioStatusCallback` (once for each status of a
        message).
    handler
        Handles the event and returns the name of its outcome (`"stored"`), from which the function creates the
        response: the outcome is stored in the table and returned for every further delivery, whereas a response could
        contain personal data.
    context
        Lambda's context, which knows how long the invocation can last; by default the current deadline counts.

    Returns
    -------
    str | None
        The outcome, of this delivery or of the earlier one.

    Raises
    ------
    ServiceUnavailableError
        Another delivery is being processed, or the table is unavailable: a response with its 503 makes Twilio retry.
    MissingSettingError
        No table is configured.
    Exception
        Whatever `handler` raises.

    Examples
    --------
    >>> from ai_voice_shared.resilience import idempotency
    >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
    >>> webhooks = TwilioWebhooks()
    >>> message = webhooks.service.receive_message(webhooks.message(Body="hello"))
    >>> handle_once(message, lambda: "stored")  # with IDEMPOTENCY_TABLE_NAME it would return 'stored', now and later
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.configuration.MissingSettingError: IdempotencySettings.table_name is not set: ...
    """
    return _shared_guard.handle(event, handler, context=context)
