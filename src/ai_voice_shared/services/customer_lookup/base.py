"""All that the two lookup clients share: settings, cache, time limits, and what an outcome means."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ai_voice_shared._once import locked_cached_property
from ai_voice_shared.errors import CustomerLookupError, CustomerLookupUnavailableError, ServiceError
from ai_voice_shared.services.customer_lookup.cache import LookupCache
from ai_voice_shared.services.customer_lookup.contract import SERVICE, speaks_against_server

if TYPE_CHECKING:
    from ai_voice_shared.models.customer import CustomerMetadata
    from ai_voice_shared.observability.metrics import MetricsClient
    from ai_voice_shared.observability.tracing import Tracer
    from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker
    from ai_voice_shared.resilience.retry_budget import RetryBudget
    from ai_voice_shared.services.customer_lookup.cache import CacheInfo
    from ai_voice_shared.services.customer_lookup.contract import LookupRequest
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

__all__ = ["LookupBase"]

_log = logging.getLogger("ai_voice_shared.services.customer_lookup_client")


class LookupBase:
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

    @locked_cached_property
    def settings(self) -> CustomerLookupSettings:
        """The settings; from the environment unless the constructor was given some."""
        from ai_voice_shared.settings import CustomerLookupSettings

        if self._settings is not None:
            return self._settings
        # With a transport of its own the client needs no address.
        return (
            CustomerLookupSettings(url="http://localhost") if self._transport is not None else CustomerLookupSettings()
        )

    @locked_cached_property
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

    @locked_cached_property
    def circuit_breaker(self) -> CircuitBreaker:
        """Stops asking a server that keeps failing."""
        from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker, dynamodb_store, record_transition

        if self._circuit_breaker is not None:
            return self._circuit_breaker
        table = self.settings.circuit_breaker_table
        return CircuitBreaker(
            SERVICE,
            is_failure=speaks_against_server,
            store=dynamodb_store(table) if table else None,
            on_transition=record_transition,
        )

    @locked_cached_property
    def retry_budget(self) -> RetryBudget:
        """What retries are paid from."""
        from ai_voice_shared.resilience.retry_budget import shared_retry_budget

        return self._retry_budget or shared_retry_budget(SERVICE)

    def cache_info(self) -> CacheInfo:
        """Give hits, misses, stale answers and entries since the process began.

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
        """Write what the cache has done since the last report: `customer_lookup.hits`, `.misses`, `.stale`, `.cached`.

        Once for each invocation, at its end: a metric for each lookup would take longer than a lookup does.

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
        since = self.cache.take_figures()
        for name, value in {"hits": since.hits, "misses": since.misses, "stale": since.stale}.items():
            if value:
                client.increment(f"customer_lookup.{name}", value)
        client.gauge("customer_lookup.cached", since.size, "Count")

    @locked_cached_property
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
