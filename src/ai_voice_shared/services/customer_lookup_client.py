"""The client of the `customer-lookup-server`: who is behind a phone number or a business-scoped id.

Three outcomes, kept apart: a customer, None for "nobody", and an error for "could not be asked".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports
from ai_voice_shared._once import locked_cached_property
from ai_voice_shared.errors import DeadlineExceededError, ServiceError
from ai_voice_shared.observability.tracing import get_tracer
from ai_voice_shared.services.customer_lookup.base import LookupBase
from ai_voice_shared.services.customer_lookup.cache import CacheInfo, LookupCache
from ai_voice_shared.services.customer_lookup.contract import SERVICE, interpret, make_request
from ai_voice_shared.services.customer_lookup.flights import AsyncFlights, Flights

if TYPE_CHECKING:
    from ai_voice_shared.models.customer import CustomerMetadata
    from ai_voice_shared.services.customer_lookup.contract import LookupRequest
    from ai_voice_shared.services.customer_lookup.transports import (
        AsyncHttpTransport,
        AsyncLambdaTransport,
        AsyncTransport,
        HttpTransport,
        LambdaTransport,
        Transport,
    )

__all__ = [
    "AsyncCustomerLookupClient",
    "AsyncHttpTransport",
    "AsyncLambdaTransport",
    "AsyncTransport",
    "CacheInfo",
    "CustomerLookupClient",
    "HttpTransport",
    "LambdaTransport",
    "LookupCache",
    "Transport",
]

_TRANSPORTS = "ai_voice_shared.services.customer_lookup.transports"
# What the constructor takes; a function that gives nothing of its own loads only the way that its settings name.
__getattr__, __dir__, _ = lazy_exports(
    __name__,
    dict.fromkeys(
        (
            "AsyncHttpTransport",
            "AsyncLambdaTransport",
            "AsyncTransport",
            "HttpTransport",
            "LambdaTransport",
            "Transport",
        ),
        _TRANSPORTS,
    ),
)


class CustomerLookupClient(LookupBase):
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

        Examples
        --------
        >>> from ai_voice_shared.testing.customer_lookup import FakeCustomerLookup
        >>> lookup = FakeCustomerLookup()
        >>> lookup.add("US.1234ABC", customer_id="cust-1")
        >>> lookup.client.fetch_customer_metadata(external_user_id="US.1234ABC").customer_id
        'cust-1'
        >>> lookup.fail()
        >>> lookup.client.fetch_customer_metadata(phone_number="+61400000000")
        Traceback (most recent call last):
            ...
        ai_voice_shared.errors.services.CustomerLookupUnavailableError: the customer could not be looked up: ...
        """
        request = make_request(phone_number, external_user_id)
        entry = self.cache.fresh(request)
        if entry is not None:
            return entry.customer
        try:
            return self._flights.join(request, lambda: self._load(request), timeout=self._deadline().remaining())
        except DeadlineExceededError as error:
            return self._failed(request, error)

    @locked_cached_property
    def _flights(self) -> Flights[CustomerMetadata | None]:
        return Flights()

    @locked_cached_property
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


class AsyncCustomerLookupClient(LookupBase):
    """The same for coroutines, under asyncio or trio; it shares everything but the call itself.

    Examples
    --------
    >>> import asyncio
    >>> from ai_voice_shared.testing.customer_lookup import FakeCustomerLookup
    >>> lookup = FakeCustomerLookup()
    >>> lookup.add("+61400000000", customer_id="cust-1")
    >>> client = lookup.async_client  # in a service: AsyncCustomerLookupClient()
    >>> asyncio.run(client.fetch_customer_metadata(phone_number="+61400000000")).customer_id
    'cust-1'
    """

    _transport: AsyncTransport | None

    async def fetch_customer_metadata(
        self, *, phone_number: str | None = None, external_user_id: str | None = None
    ) -> CustomerMetadata | None:
        """Look a sender up; as `CustomerLookupClient.fetch_customer_metadata`.

        Examples
        --------
        >>> import asyncio
        >>> from ai_voice_shared.testing.customer_lookup import FakeCustomerLookup
        >>> asyncio.run(FakeCustomerLookup().async_client.fetch_customer_metadata(external_user_id="US.1")) is None
        True
        """
        request = make_request(phone_number, external_user_id)
        entry = self.cache.fresh(request)
        if entry is not None:
            return entry.customer
        try:
            return await self._flights.join(request, lambda: self._load(request), timeout=self._deadline().remaining())
        except DeadlineExceededError as error:
            return self._failed(request, error)

    @locked_cached_property
    def _flights(self) -> AsyncFlights[CustomerMetadata | None]:
        return AsyncFlights()

    @locked_cached_property
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
                    lambda: self.circuit_breaker.call_async(ask), self._policy, budget=self.retry_budget
                )
            except ServiceError as error:
                span.annotate("outcome", error.code)
                return self._failed(request, error)
            span.annotate("outcome", "not found" if customer is None else "found")
            return self._learned(request, customer)
