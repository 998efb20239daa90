"""What went wrong with something that we called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors.base import AIVoiceError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CircuitOpenError",
    "CustomerLookupError",
    "CustomerLookupUnavailableError",
    "DeadlineExceededError",
    "EventPublishError",
    "ServiceError",
    "ServiceResponseError",
    "ServiceTimeoutError",
    "ServiceUnavailableError",
]


class ServiceError(AIVoiceError):
    """Something that we called did not do its part.

    Parameters
    ----------
    message
        What happened.
    service
        Its name (`"customer-lookup-server"`).
    status_code
        The HTTP status that it answered with, where it answered.
    retry_after
        Seconds that it asked us to wait, where it did.
    """

    status = 502
    code = "service_error"
    title = "A service that this one needs failed"

    def __init__(
        self,
        message: str = "",
        *,
        service: str = "",
        status_code: int | None = None,
        retry_after: float | None = None,
        **kwargs: Any,
    ) -> None:
        # Not super(): the second parents of S3's errors (NotFoundError, ...) build another message.
        AIVoiceError.__init__(self, message, **kwargs)
        self.service = service
        self.status_code = status_code
        self.retry_after = retry_after


class ServiceUnavailableError(ServiceError):
    """It could not be reached, or said that it cannot answer now."""

    status = 503
    code = "service_unavailable"
    title = "A service that this one needs is unavailable"
    retryable = True


class CircuitOpenError(ServiceUnavailableError):
    """It failed too often just now and is not asked again before the recovery time is over."""

    code = "circuit_open"
    title = "A service that this one needs is given time to recover"
    retryable = False


class ServiceTimeoutError(ServiceError):
    """It did not answer in time."""

    status = 504
    code = "service_timeout"
    title = "A service that this one needs did not answer in time"
    retryable = True


class DeadlineExceededError(ServiceTimeoutError):
    """The invocation has no time left for the call, so it was not made or was given up."""

    code = "deadline_exceeded"
    title = "No time left"
    retryable = False


class ServiceResponseError(ServiceError):
    """It answered with something that is not what was agreed."""

    code = "service_response"
    title = "A service that this one needs gave an unusable answer"


class EventPublishError(ServiceError):
    """Events that the bus did not take and that no dead-letter queue kept; they are lost unless they are sent again.

    Parameters
    ----------
    message
        What happened.
    event_ids
        The events that are meant.
    """

    code = "event_publish_failed"
    title = "Events could not be published"
    retryable = True

    def __init__(self, message: str = "", *, event_ids: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(message, service="events", **kwargs)
        self.event_ids = list(event_ids)
        self.context.setdefault("event_ids", self.event_ids)


class CustomerLookupError(ServiceError):
    """The customer lookup failed; whether the customer exists is not known."""

    code = "customer_lookup_error"
    title = "The customer lookup failed"


class CustomerLookupUnavailableError(CustomerLookupError):
    """The customer lookup server could not be asked; whether the customer exists is not known."""

    status = 503
    code = "customer_lookup_unavailable"
    title = "The customer lookup is unavailable"
    retryable = True
