"""The client of the `customer-lookup-server`: who is behind a phone number or a business-scoped id.

Three outcomes, kept apart: a customer, None for "nobody", and an error for "could not be asked".
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ai_voice_shared._once import built_once
from ai_voice_shared.errors import (
    CustomerLookupError,
    CustomerLookupUnavailableError,
    DeadlineExceededError,
    ServiceError,
)
from ai_voice_shared.observability.tracing import get_tracer
from ai_voice_shared.services.customer_lookup.cache import LookupCache
from ai_voice_shared.services.customer_lookup.contract import SERVICE, interpret, make_request, speaks_against_server
from ai_voice_shared.services.customer_lookup.flights import AsyncFlights, Flights

if TYPE_CHECKING:
    from ai_voice_shared.models.customer import CustomerMetadata
    from ai_voice_shared.observability.tracing import Tracer
    from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker
    from ai_voice_shared.resilience.retrying import RetryBudget
    from ai_voice_shared.services.customer_lookup.cache import CacheInfo
    from ai_voice_shared.services.customer_lookup.contract import LookupRequest
    from ai_voice_shared.services.customer_lookup.transports import AsyncTransport, Transport
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

__all__ = ["AsyncCustomerLookupClient", "CustomerLookupClient"]

_log = logging.getLogger(__name__)


class _LookupBase:
    """All that the two clients share: settings, cache, time limits, and what an outcome means."""

    def __init__(
        self,
        settings: CustomerLookupSettings | None = None,
        *,
        transport: Any = None,
        lambda_client: Any = None,
        cache: LookupCache | None = None,
        circuit_breaker: CircuitBreaker | None = None,
        retry_budget: RetryBudget | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._lambda_client = lambda_client
        self._cache = cache
        self._circuit_breaker = circuit_breaker
        self._retry_budget = retry_budget
        self._tracer = tracer

    @built_once
    def settings(self) -> CustomerLookupSettings:
        """The settings; from the environment unless the constructor was given some."""
        from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

        if self._settings is not None:
            return self._settings
        # With a transport of its own the client needs no address.
        return (
            CustomerLookupSettings(url="http://localhost") if self._transport is not None else CustomerLookupSettings()
        )

    @built_once
    def cache(self) -> LookupCache:
        """What is known already."""
        if self._cache is not None:
            return self._cache
        settings = self.settings
        return LookupCache(
            size=settings.cache_size,
            ttl=settings.cache_ttl,
            negative_ttl=settings.negative_cache_ttl,
            stale_if_error=settings.stale_if_error,
        )

    @built_once
    def circuit_breaker(self) -> CircuitBreaker:
        """Stops asking a server that keeps failing."""
        from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker, dynamodb_store, record_transition

        if self._circuit_breaker is not None:
            return self._circuit_breaker
        table = self.settings.circuit_breaker_table
        return CircuitBreaker(
            SERVICE,
            counts=speaks_against_server,
            store=dynamodb_store(table) if table else None,
            on_transition=record_transition,
        )

    @built_once
    def retry_budget(self) -> RetryBudget:
        """What retries are paid from."""
        from ai_voice_shared.resilience.retrying import RetryBudget

        return self._retry_budget or RetryBudget()

    def cache_info(self) -> CacheInfo:
        """Give hits, misses, stale answers and entries since the process began."""
        return self.cache.info()

    @built_once
    def _policy(self) -> Any:
        from ai_voice_shared.resilience.retrying import RetryPolicy

        return RetryPolicy(max_attempts=self.settings.max_attempts, delay=0.1, max_delay=2.0)

    def _deadline(self) -> Any:
        from ai_voice_shared.resilience.deadline import Deadline, current_deadline

        outer = current_deadline()
        return outer.earlier(self.settings.timeout) if outer else Deadline(self.settings.timeout)

    def _learned(self, request: LookupRequest, customer: CustomerMetadata | None) -> CustomerMetadata | None:
        self.cache.put(request, customer)
        facts = (
            {"outcome": "not found"} if customer is None else {"outcome": "found", "customer_id": customer.customer_id}
        )
        _log.debug("customer looked up", extra=facts)
        return customer

    def _failed(self, request: LookupRequest, error: ServiceError) -> CustomerMetadata:
        """Answer from the stale window, or raise what the caller can act on."""
        facts = {"error_code": error.code, "status_code": error.status_code}
        entry = self.cache.stale(request)
        if entry is not None and entry.customer is not None:
            _log.warning("customer lookup failed, a stale answer serves", extra=facts)
            return entry.customer
        _log.warning("customer lookup failed", extra=facts)
        if isinstance(error, CustomerLookupError):
            raise error
        kind = CustomerLookupUnavailableError if error.status in {503, 504} else CustomerLookupError
        raise kind(
            f"the customer could not be looked up: {error}",
            service=SERVICE,
            status_code=error.status_code,
            retry_after=error.retry_after,
        ) from error


class CustomerLookupClient(_LookupBase):
    """Finds the customer behind a sender.

    One instance serves all threads. Answers are cached, calls for the same sender at the same time are one call, and
    all of it fits into `CustomerLookupSettings.timeout` and into the invocation's deadline.

    Parameters
    ----------
    settings
        By default `CustomerLookupSettings()`, from the environment.
    transport
        Another way to the server, such as `InMemoryTransport` in tests.
    lambda_client
        A boto3 Lambda client, for direct invoke.
    cache, circuit_breaker, retry_budget, tracer
        Other ones than the client's own.

    Examples
    --------
    >>> from ai_voice_shared.testing.customer_lookup import InMemoryTransport
    >>> known = {"+61400000000": {"customer_id": "cust-1", "company_id": "acme", "company_name": "Acme"}}
    >>> client = CustomerLookupClient(transport=InMemoryTransport(known))  # in a function: CustomerLookupClient()
    >>> client.fetch_customer_metadata(phone_number="whatsapp:+61400000000")
    CustomerMetadata(customer_id='cust-1', company_id='acme')
    >>> client.fetch_customer_metadata(external_user_id="US.1234ABC") is None
    True
    """

    _transport: Transport | None

    def fetch_customer_metadata(
        self, *, phone_number: str | None = None, external_user_id: str | None = None
    ) -> CustomerMetadata | None:
        """Look a sender up.

        Parameters
        ----------
        phone_number
            In E.164; Twilio's `whatsapp:` is taken off.
        external_user_id
            A business-scoped id, for a sender without a number.

        Returns
        -------
        CustomerMetadata | None
            None where nobody is known by it.

        Raises
        ------
        ValidationError
            Neither or both are given, or the number is none.
        CustomerLookupUnavailableError
            The server could not be asked, and nothing that was known may serve.
        CustomerLookupError
            The server's answer is not what was agreed.
        """
        request = make_request(phone_number, external_user_id)
        entry = self.cache.fresh(request)
        if entry is not None:
            return entry.customer
        try:
            return self._flights.join(request, lambda: self._load(request), timeout=self._deadline().remaining())
        except DeadlineExceededError as error:
            return self._failed(request, error)

    @built_once
    def _flights(self) -> Flights[CustomerMetadata | None]:
        return Flights()

    @built_once
    def _way(self) -> Transport:
        from ai_voice_shared.services.customer_lookup.transports import transport_for

        return self._transport or transport_for(self.settings, lambda_client=self._lambda_client)

    def _load(self, request: LookupRequest) -> CustomerMetadata | None:
        from ai_voice_shared.resilience.deadline import use_deadline
        from ai_voice_shared.resilience.retrying import call_with_retry

        known = self.cache.learned_meanwhile(request)
        if known is not None:
            return known.customer
        with (
            (self._tracer or get_tracer()).span("## customer_lookup") as span,
            use_deadline(self._deadline()) as deadline,
        ):

            def ask() -> CustomerMetadata | None:
                timeout = deadline.limit(self.settings.timeout, service=SERVICE)
                return interpret(self._way.send(request, timeout))

            try:
                customer = call_with_retry(
                    lambda: self.circuit_breaker.call(ask), self._policy, budget=self.retry_budget
                )
            except ServiceError as error:
                span.annotate("outcome", error.code)
                return self._failed(request, error)
            span.annotate("outcome", "not found" if customer is None else "found")
            return self._learned(request, customer)


class AsyncCustomerLookupClient(_LookupBase):
    """The same for coroutines, under asyncio or trio; it shares everything but the call itself."""

    _transport: AsyncTransport | None

    async def fetch_customer_metadata(
        self, *, phone_number: str | None = None, external_user_id: str | None = None
    ) -> CustomerMetadata | None:
        """Look a sender up; as `CustomerLookupClient.fetch_customer_metadata`."""
        request = make_request(phone_number, external_user_id)
        entry = self.cache.fresh(request)
        if entry is not None:
            return entry.customer
        try:
            return await self._flights.join(request, lambda: self._load(request), timeout=self._deadline().remaining())
        except DeadlineExceededError as error:
            return self._failed(request, error)

    @built_once
    def _flights(self) -> AsyncFlights[CustomerMetadata | None]:
        return AsyncFlights()

    @built_once
    def _way(self) -> AsyncTransport:
        from ai_voice_shared.services.customer_lookup.transports import async_transport_for

        return self._transport or async_transport_for(self.settings, lambda_client=self._lambda_client)

    async def _load(self, request: LookupRequest) -> CustomerMetadata | None:
        from ai_voice_shared.resilience.deadline import use_deadline
        from ai_voice_shared.resilience.retrying import call_with_retry_async

        known = self.cache.learned_meanwhile(request)
        if known is not None:
            return known.customer
        with (
            (self._tracer or get_tracer()).span("## customer_lookup") as span,
            use_deadline(self._deadline()) as deadline,
        ):

            async def ask() -> CustomerMetadata | None:
                timeout = deadline.limit(self.settings.timeout, service=SERVICE)
                return interpret(await self._way.send(request, timeout))

            try:
                customer = await call_with_retry_async(
                    lambda: self.circuit_breaker.acall(ask), self._policy, budget=self.retry_budget
                )
            except ServiceError as error:
                span.annotate("outcome", error.code)
                return self._failed(request, error)
            span.annotate("outcome", "not found" if customer is None else "found")
            return self._learned(request, customer)
