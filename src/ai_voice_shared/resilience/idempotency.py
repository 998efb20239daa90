"""A webhook's message is delivered at least once and handled once: claimed before the work, in DynamoDB.

Powertools Idempotency does the claiming. What is added here is what a webhook of Twilio's needs: the keys, the time
after which another delivery may take a claim over, answers that make Twilio try again, and a table that no personal
data gets into.
"""

from __future__ import annotations

import copy
import os
import re
import threading
from typing import TYPE_CHECKING, Protocol

from ai_voice_shared.errors import ServiceUnavailableError
from ai_voice_shared.observability.tracing import get_tracer
from ai_voice_shared.resilience.deadline import current_deadline

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer

    from ai_voice_shared.resilience.deadline import LambdaContext
    from ai_voice_shared.settings.idempotency import IdempotencySettings

__all__ = ["DoneOnce", "Once", "handle_once"]

_OUTCOME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")


class Once(Protocol):
    """What can be done once: `TwilioWebhookPayload` and `TwilioStatusCallback` are."""

    @property
    def idempotency_key(self) -> str:
        """What every delivery of the thing has in common, and nothing else has. No personal data."""


class DoneOnce:
    """Does each thing once, however often it is delivered. One serves all threads.

    Parameters
    ----------
    settings
        The table; by default from the environment.
    store
        A persistence layer of Powertools' to use instead, for tests.

    Examples
    --------
    >>> from ai_voice_shared.settings.idempotency import IdempotencySettings
    >>> once = DoneOnce(IdempotencySettings(table_name="claims"))
    """

    def __init__(
        self, settings: IdempotencySettings | None = None, *, store: BasePersistenceLayer | None = None
    ) -> None:
        self._settings = settings
        self._store = store
        self._stores: dict[str, BasePersistenceLayer] = {}
        self._lock = threading.Lock()

    def handle(
        self, thing: Once, work: Callable[[], str | None], *, context: LambdaContext | None = None
    ) -> str | None:
        """Do `work` for a thing, or give back what it returned when it was done before; see `handle_once`."""
        from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
        from aws_lambda_powertools.utilities.idempotency import exceptions as idempotency

        # The name of the class is the preset: a status callback's key has the status in it, a message's has not.
        kind = type(thing).__name__
        prefix = f"{os.environ.get('AWS_LAMBDA_FUNCTION_NAME', 'local')}.{kind}"

        def claimed(*, claim: str) -> str | None:  # noqa: ARG001 - Powertools hashes it
            return _outcome(work())

        once = idempotent_function(
            claimed,
            data_keyword_argument="claim",
            persistence_store=self._ready(prefix),
            config=IdempotencyConfig(
                expires_after_seconds=self._ready_settings().expires_after,
                lambda_context=_Remaining(self._remaining(context)),  # type: ignore[arg-type] # the part that is used
            ),
            key_prefix=prefix,
        )
        with get_tracer().span("## handle_once", kind=kind) as span:
            try:
                outcome: str | None = once(claim=thing.idempotency_key)
            except idempotency.IdempotencyAlreadyInProgressError:
                span.annotate("outcome", "in progress")
                raise ServiceUnavailableError(
                    "another delivery of this is being worked on",
                    service="idempotency",
                    context={"reason": "in_progress"},
                ) from None
            except (
                idempotency.IdempotencyPersistenceLayerError,
                idempotency.IdempotencyInconsistentStateError,
            ) as error:
                raise ServiceUnavailableError(
                    "the table of claims cannot be used now", service="idempotency"
                ) from error
        return outcome

    def _remaining(self, context: LambdaContext | None) -> int:
        if context is not None:
            return context.get_remaining_time_in_millis()
        deadline = current_deadline()
        seconds = self._ready_settings().in_progress_timeout if deadline is None else deadline.remaining()
        return int(seconds * 1000)

    def _ready_settings(self) -> IdempotencySettings:
        if self._settings is None:
            from ai_voice_shared.settings.idempotency import IdempotencySettings

            self._settings = IdempotencySettings()
        return self._settings

    def _ready(self, prefix: str) -> BasePersistenceLayer:
        """Give the store of a prefix: Powertools keeps the prefix there, and would give one's claim another's key."""
        with self._lock:
            if prefix in self._stores:
                return self._stores[prefix]
            if self._store is None:
                from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

                from ai_voice_shared.aws import aws_client

                settings = self._ready_settings()
                client = aws_client(
                    "dynamodb",
                    region_name=settings.region,
                    connect_timeout=settings.connect_timeout,
                    read_timeout=settings.read_timeout,
                    retries={"mode": "standard", "total_max_attempts": 3},
                )
                self._store = DynamoDBPersistenceLayer(table_name=settings.table_name, boto3_client=client)
            self._stores[prefix] = copy.copy(self._store)
            return self._stores[prefix]


class _Remaining:
    """The one method of Lambda's context that Powertools asks for."""

    def __init__(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


def _outcome(outcome: str | None) -> str | None:
    if outcome is not None and not _OUTCOME.fullmatch(outcome):
        # The value is left out of the message: it is most likely a text with somebody's name in it.
        msg = "what is done once returns the name of its outcome, such as 'stored', for it is kept in the table"
        raise TypeError(msg)
    return outcome


_process = DoneOnce()


def handle_once(thing: Once, work: Callable[[], str | None], *, context: LambdaContext | None = None) -> str | None:
    """Do the work that a webhook asks for, once for all deliveries of it.

    The thing is claimed before the work. An error gives the claim back, so that the next delivery does the work; so
    does a crash, as soon as the time is over that the invocation had left. The table comes from
    `IdempotencySettings`.

    Parameters
    ----------
    thing
        A `TwilioWebhookPayload` (once for each message) or a `TwilioStatusCallback` (once for each status of a
        message).
    work
        What is to be done. It returns the name of its outcome (`"stored"`), from which the handler makes the reply:
        the outcome is kept in the table and given back for every further delivery, a reply could hold a name.
    context
        Lambda's context, which knows how long the invocation can last; else the current deadline is asked.

    Returns
    -------
    str | None
        The outcome, of now or of then.

    Raises
    ------
    ServiceUnavailableError
        Another delivery is being worked on, or the table cannot be used: answered with its 503, it makes Twilio try
        again.
    MissingSettingError
        No table is configured.
    Exception
        Whatever `work` raises.

    Examples
    --------
    >>> from ai_voice_shared.resilience import idempotency
    >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
    >>> webhooks = TwilioWebhooks()
    >>> message = webhooks.service.receive_message(webhooks.message(Body="hello"))
    >>> handle_once(message, lambda: "stored")  # with IDEMPOTENCY_TABLE_NAME it would give 'stored', now and later
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.configuration.MissingSettingError: IdempotencySettings.table_name is not set: ...
    """
    return _process.handle(thing, work, context=context)
