"""The clients of the `customer-lookup-server`, which look up customers by phone number or business-scoped id.

There are three distinct outcomes: a customer, None for an unknown sender, and an error if the lookup failed.

The two clients share everything but the call itself, `fetch_customer_metadata` and `_load`. Generating the synchronous
one from the asynchronous one, as httpcore and psycopg do, would save these 20 statements, but would need a generator of
that size, a check that its output is up to date, and a module that must not be edited.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from ai_voice_shared._once import locked_cached_property
from ai_voice_shared.errors import (
    CustomerLookupError,
    CustomerLookupUnavailableError,
    DeadlineExceededError,
    ServiceError,
)
from ai_voice_shared.observability.tracing import get_tracer
from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker, dynamodb_store, record_transition
from ai_voice_shared.services.customer_lookup.cache import LookupCache
from ai_voice_shared.services.customer_lookup.contract import (
    SERVICE,
    create_request,
    is_server_failure,
    parse_response,
)
from ai_voice_shared.services.customer_lookup.single_flight import AsyncSingleFlight, SingleFlight
from ai_voice_shared.utils.deadline import create_deadline, use_deadline

if TYPE_CHECKING:
    from ai_voice_shared.models.customer import CustomerMetadata
    from ai_voice_shared.observability.metrics import MetricsClient
    from ai_voice_shared.observability.tracing import Span, Tracer
    from ai_voice_shared.resilience.retrying import RetryBudget, RetryPolicy
    from ai_voice_shared.services.customer_lookup.cache import CacheInfo
    from ai_voice_shared.services.customer_lookup.contract import AsyncTransport, LookupRequest, Transport
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings
    from ai_voice_shared.utils.deadline import Deadline

__all__ = ["AsyncCustomerLookupClient", "CustomerLookupClient"]

_log = logging.getLogger(__name__)


class _BaseClient:
    """The common part of both clients: settings, cache, circuit, budget, and the handling of outcomes."""

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

    @locked_cached_property
    def settings(self) -> CustomerLookupSettings:
        """The settings; by default from the environment."""
        from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

        if self._settings is not None:
            return self._settings
        # With its own transport the client needs no address.
        return (
            CustomerLookupSettings(url="http://localhost") if self._transport is not None else CustomerLookupSettings()
        )

    @locked_cached_property
    def cache(self) -> LookupCache:
        """The cache of customers."""
        if self._cache is not None:
            return self._cache
        settings = self.settings
        return LookupCache(
            size=settings.cache_size,
            ttl=settings.cache_ttl,
            negative_ttl=settings.negative_cache_ttl,
            stale_if_error=settings.stale_if_error,
        )

    @locked_cached_property
    def circuit_breaker(self) -> CircuitBreaker:
        """The circuit breaker of the server."""
        if self._circuit_breaker is not None:
            return self._circuit_breaker
        table = self.settings.circuit_breaker_table
        return CircuitBreaker(
            SERVICE,
            is_failure=is_server_failure,
            store=dynamodb_store(table) if table else None,
            on_transition=record_transition,
        )

    @locked_cached_property
    def retry_budget(self) -> RetryBudget:
        """The retry budget; by default shared by all clients of the process."""
        from ai_voice_shared.resilience.retrying import shared_retry_budget

        return self._retry_budget or shared_retry_budget(SERVICE)

    @locked_cached_property
    def _retry_policy(self) -> RetryPolicy:
        from ai_voice_shared.resilience.retrying import RetryPolicy

        return RetryPolicy(max_attempts=self.settings.max_attempts, delay=0.1, max_delay=2.0)

    def cache_info(self) -> CacheInfo:
        """Return hits, misses and stale hits since the process started, and the number of entries.

        Examples
        --------
        >>> from ai_voice_shared.testing.customer_lookup import FakeCustomerLookup
        >>> client = FakeCustomerLookup().client
        >>> [client.fetch_customer_metadata(phone_number="+61400000000") for _ in range(3)]
        [None, None, None]
        >>> client.cache_info()
        CacheInfo(hits=2, misses=1, stale=0, size=1)
        """
        return self.cache.info()

    def report_metrics(self, metrics: MetricsClient | None = None) -> None:
        """Write the cache's statistics since the last report: `customer_lookup.hits`, `.misses`, `.stale`, `.cached`.

        Call it once at the end of each invocation: a metric per lookup would take longer than the lookup.

        Parameters
        ----------
        metrics
            By default those of the process, see `get_metrics`.

        Examples
        --------
        >>> from ai_voice_shared.observability import MetricsClient
        >>> from ai_voice_shared.testing.customer_lookup import FakeCustomerLookup
        >>> client, metrics = FakeCustomerLookup().client, MetricsClient("webhook-handler")
        >>> client.fetch_customer_metadata(phone_number="+61400000000")
        >>> client.report_metrics(metrics)
        >>> metrics.flush()
        {"_aws":{...},...,"customer_lookup.misses":[1.0],"customer_lookup.cached":[1.0]}
        """
        from ai_voice_shared.observability.metrics import get_metrics

        client = metrics or get_metrics()
        stats = self.cache.take_stats()
        for name, value in {"hits": stats.hits, "misses": stats.misses, "stale": stats.stale}.items():
            if value:
                client.increment(f"customer_lookup.{name}", value)
        client.gauge("customer_lookup.cached", stats.size, "Count")

    def _store_result(
        self, request: LookupRequest, customer: CustomerMetadata | None, span: Span
    ) -> CustomerMetadata | None:
        self.cache.put(request, customer)
        outcome = "not found" if customer is None else "found"
        _log.debug(
            "customer looked up",
            extra={"outcome": outcome}
            if customer is None
            else {"outcome": outcome, "customer_id": customer.customer_id},
        )
        span.annotate("outcome", outcome)
        return customer

    def _stale_or_raise(
        self, request: LookupRequest, error: ServiceError, span: Span | None = None
    ) -> CustomerMetadata:
        """Return a stale customer, or raise an error that the caller can act on."""
        if span is not None:
            span.annotate("outcome", error.code)
        fields = {"error_code": error.code, "status_code": error.status_code}
        entry = self.cache.stale(request)
        if entry is not None and entry.customer is not None:
            _log.warning("customer lookup failed, serving a stale customer", extra=fields)
            return entry.customer
        _log.warning("customer lookup failed", extra=fields)
        if isinstance(error, CustomerLookupError):
            raise error
        kind = CustomerLookupUnavailableError if error.status in {503, 504} else CustomerLookupError
        raise kind(
            f"the customer could not be looked up: {error}",
            service=SERVICE,
            status_code=error.status_code,
            retry_after=error.retry_after,
        ) from error


class CustomerLookupClient(_BaseClient):
    """Looks up the customer of a sender.

    One instance serves all threads. Responses are cached, concurrent calls for the same sender share one request, and
    a lookup with its retries is limited by `CustomerLookupSettings.timeout` and by the invocation's deadline.

    Parameters
    ----------
    settings
        By default `CustomerLookupSettings()`, from the environment.
    transport
        Another `Transport`, such as `InMemoryTransport` in tests; by default HTTP if the settings name a URL, else
        direct Lambda invoke.
    lambda_client
        A boto3 Lambda client, for direct invoke.
    cache, circuit_breaker, retry_budget, tracer
        By default the client's own, and the process's tracer.

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

    def fetch_customer_metadata(
        self, *, phone_number: str | None = None, external_user_id: str | None = None
    ) -> CustomerMetadata | None:
        """Look up a sender.

        Parameters
        ----------
        phone_number
            In E.164; Twilio's `whatsapp:` is removed.
        external_user_id
            A business-scoped id, for a sender without a number.

        Returns
        -------
        CustomerMetadata | None
            None if the sender is unknown.

        Raises
        ------
        ValidationError
            Neither or both are passed, or the number is not valid.
        CustomerLookupUnavailableError
            The server is unavailable, and the cache has no customer that may serve.
        CustomerLookupError
            The server's response violates its contract.

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
        request = create_request(phone_number, external_user_id)
        entry = self.cache.fresh(request)
        if entry is not None:
            return entry.customer
        try:
            with use_deadline(create_deadline(self.settings.timeout)) as deadline:
                return self._single_flight.run(
                    request, lambda: self._load(request, deadline), timeout=deadline.remaining()
                )
        except DeadlineExceededError as error:
            return self._stale_or_raise(request, error)

    @locked_cached_property
    def transport(self) -> Transport:
        """Sends the requests."""
        if self._transport is not None:
            given: Transport = self._transport
            return given
        if self.settings.url is not None and self._lambda_client is None:
            from ai_voice_shared.services.customer_lookup.http_transport import HttpTransport

            return HttpTransport(self.settings)
        from ai_voice_shared.services.customer_lookup.lambda_transport import LambdaTransport

        return LambdaTransport(self.settings, self._lambda_client)

    @locked_cached_property
    def _single_flight(self) -> SingleFlight[CustomerMetadata | None]:
        return SingleFlight()

    def _load(self, request: LookupRequest, deadline: Deadline) -> CustomerMetadata | None:
        from ai_voice_shared.resilience.retrying import call_with_retry

        entry = self.cache.recheck(request)
        if entry is not None:
            return entry.customer

        def send() -> CustomerMetadata | None:
            timeout = deadline.limit(self.settings.timeout, service=SERVICE)
            return parse_response(self.transport.send(request, timeout))

        with (self._tracer or get_tracer()).span("## customer_lookup") as span:
            try:
                customer = call_with_retry(
                    partial(self.circuit_breaker.call, send), self._retry_policy, budget=self.retry_budget
                )
            except ServiceError as error:
                return self._stale_or_raise(request, error, span)
            return self._store_result(request, customer, span)


class AsyncCustomerLookupClient(_BaseClient):
    """The async counterpart of `CustomerLookupClient`, for asyncio and trio.

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

    async def fetch_customer_metadata(
        self, *, phone_number: str | None = None, external_user_id: str | None = None
    ) -> CustomerMetadata | None:
        """Look up a sender; as `CustomerLookupClient.fetch_customer_metadata`.

        Examples
        --------
        >>> import asyncio
        >>> from ai_voice_shared.testing.customer_lookup import FakeCustomerLookup
        >>> asyncio.run(FakeCustomerLookup().async_client.fetch_customer_metadata(external_user_id="US.1")) is None
        True
        """
        request = create_request(phone_number, external_user_id)
        entry = self.cache.fresh(request)
        if entry is not None:
            return entry.customer
        try:
            with use_deadline(create_deadline(self.settings.timeout)) as deadline:
                return await self._single_flight.run(
                    request, lambda: self._load(request, deadline), timeout=deadline.remaining()
                )
        except DeadlineExceededError as error:
            return self._stale_or_raise(request, error)

    @locked_cached_property
    def transport(self) -> AsyncTransport:
        """Sends the requests."""
        if self._transport is not None:
            given: AsyncTransport = self._transport
            return given
        if self.settings.url is not None and self._lambda_client is None:
            from ai_voice_shared.services.customer_lookup.http_transport import AsyncHttpTransport

            return AsyncHttpTransport(self.settings)
        from ai_voice_shared.services.customer_lookup.lambda_transport import AsyncLambdaTransport

        return AsyncLambdaTransport(self.settings, self._lambda_client)

    @locked_cached_property
    def _single_flight(self) -> AsyncSingleFlight[CustomerMetadata | None]:
        return AsyncSingleFlight()

    async def _load(self, request: LookupRequest, deadline: Deadline) -> CustomerMetadata | None:
        from ai_voice_shared.resilience.retrying import call_with_retry_async

        entry = self.cache.recheck(request)
        if entry is not None:
            return entry.customer

        async def send() -> CustomerMetadata | None:
            timeout = deadline.limit(self.settings.timeout, service=SERVICE)
            return parse_response(await self.transport.send(request, timeout))

        with (self._tracer or get_tracer()).span("## customer_lookup") as span:
            try:
                customer = await call_with_retry_async(
                    partial(self.circuit_breaker.call_async, send), self._retry_policy, budget=self.retry_budget
                )
            except ServiceError as error:
                return self._stale_or_raise(request, error, span)
            return self._store_result(request, customer, span)
