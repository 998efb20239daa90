"""Errors of the services that this one calls."""

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
    """A service that this one calls failed.

    Parameters
    ----------
    message
        What happened.
    service
        Its name (`"customer-lookup-server"`).
    status_code
        The HTTP status of its response, if there was one.
    retry_after
        Seconds to wait before a retry, if the service named them.
    """

    status = 502
    code = "service_error"
    title = "A dependency failed"

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
    """The service could not be reached, or is temporarily unavailable."""

    status = 503
    code = "service_unavailable"
    title = "A dependency is unavailable"
    retryable = True


class CircuitOpenError(ServiceUnavailableError):
    """The service failed too often and is not called again before the recovery time is over."""

    code = "circuit_open"
    title = "The circuit breaker of a dependency is open"
    retryable = False


class ServiceTimeoutError(ServiceError):
    """The service did not respond in time."""

    status = 504
    code = "service_timeout"
    title = "A dependency did not respond in time"
    retryable = True


class DeadlineExceededError(ServiceTimeoutError):
    """The invocation has no time left for the call, which was not made or was aborted."""

    code = "deadline_exceeded"
    title = "Deadline exceeded"
    retryable = False


class ServiceResponseError(ServiceError):
    """The service's response violates the contract."""

    code = "service_response"
    title = "A dependency sent an invalid response"


class EventPublishError(ServiceError):
    """Neither the bus nor a dead-letter queue accepted some events; they are lost unless they are published again.

    Parameters
    ----------
    message
        What happened.
    event_ids
        The ids of these events.
    """

    code = "event_publish_failed"
    title = "Events could not be published"
    retryable = True

    def __init__(self, message: str = "", *, event_ids: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(message, service="events", **kwargs)
        self.event_ids = list(event_ids)
        self.context.setdefault("event_ids", self.event_ids)


class CustomerLookupError(ServiceError):
    """The customer lookup failed; whether the customer exists is unknown."""

    code = "customer_lookup_error"
    title = "The customer lookup failed"


class CustomerLookupUnavailableError(CustomerLookupError):
    """The customer lookup server could not be reached; whether the customer exists is unknown."""

    status = 503
    code = "customer_lookup_unavailable"
    title = "The customer lookup is unavailable"
    retryable = True
