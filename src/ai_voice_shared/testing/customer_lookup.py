"""An in-memory customer lookup, for the tests of services."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import CustomerNotFoundError
from ai_voice_shared.services.customer_lookup.contract import LookupResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ai_voice_shared.services.customer_lookup.client import AsyncCustomerLookupClient, CustomerLookupClient
    from ai_voice_shared.services.customer_lookup.contract import LookupRequest

__all__ = ["AsyncInMemoryTransport", "FakeCustomerLookup", "InMemoryTransport"]


class InMemoryTransport:
    """A transport that responds from a dictionary, as the server would.

    Parameters
    ----------
    customers
        Phone number or external user id to the server's response.
    error
        Raised in place of every response while it is set, to simulate an outage.

    Attributes
    ----------
    requests : list
        All requests so far.
    """

    def __init__(
        self, customers: Mapping[str, Mapping[str, Any]] | None = None, error: Exception | None = None
    ) -> None:
        self.customers = dict(customers or {})
        self.error = error
        self.requests: list[LookupRequest] = []
        self._lock = threading.Lock()

    def send(self, request: LookupRequest, timeout: float) -> LookupResponse:  # noqa: ARG002 - the protocol's arguments
        """Respond to a request."""
        with self._lock:
            self.requests.append(request)
        if self.error is not None:
            raise self.error
        customer = self.customers.get(request.value)
        if customer is None:
            problem = {"status": 404, "code": CustomerNotFoundError.code, "title": CustomerNotFoundError.title}
            return LookupResponse(404, {"content-type": "application/problem+json"}, json.dumps(problem).encode())
        return LookupResponse(200, {"content-type": "application/json"}, json.dumps(customer).encode())


class AsyncInMemoryTransport(InMemoryTransport):
    """The async counterpart of `InMemoryTransport`."""

    async def send(  # type: ignore[override] # the asynchronous protocol's method
        self,
        request: LookupRequest,
        timeout: float,  # noqa: ASYNC109 - the protocol's arguments
    ) -> LookupResponse:
        """Respond to a request."""
        return super().send(request, timeout)


class FakeCustomerLookup:
    """A server whose customers the test adds, with the real clients of it.

    Examples
    --------
    >>> lookup = FakeCustomerLookup()
    >>> lookup.add("+61400000000", customer_id="cust-1")
    >>> lookup.client.fetch_customer_metadata(phone_number="+61400000000").customer_id
    'cust-1'
    >>> lookup.client.fetch_customer_metadata(phone_number="+61400000001") is None
    True
    """

    def __init__(self) -> None:
        self._async_transport = AsyncInMemoryTransport()
        self._transport = InMemoryTransport()
        # Both clients share the customers and the recorded requests.
        self._async_transport.customers = self._transport.customers
        self._async_transport.requests = self._transport.requests

    def add(
        self,
        sender: str,
        *,
        customer_id: str = "cust-001",
        company_id: str = "harbour-street",
        company_name: str = "Harbour Street Ltd",
    ) -> None:
        """Add a customer.

        Parameters
        ----------
        sender
            Their phone number in E.164, or their external user id.
        customer_id, company_id, company_name
            The customer's metadata.
        """
        self._transport.customers[sender] = {
            "customer_id": customer_id,
            "company_id": company_id,
            "company_name": company_name,
        }

    def fail(self, error: Exception | None = None) -> None:
        """Fail every request from now on, by default with an outage."""
        from ai_voice_shared.errors import ServiceUnavailableError

        self._transport.error = self._async_transport.error = error or ServiceUnavailableError(
            service="customer-lookup-server"
        )

    def recover(self) -> None:
        """End the outage."""
        self._transport.error = self._async_transport.error = None

    @property
    def requests(self) -> list[LookupRequest]:
        """All requests that reached the server."""
        return self._transport.requests

    @property
    def client(self) -> CustomerLookupClient:
        """A client with an empty cache and its own circuit, which does not retry."""
        from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker
        from ai_voice_shared.services.customer_lookup.client import CustomerLookupClient
        from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

        settings = CustomerLookupSettings(url="http://localhost", max_attempts=1)
        return CustomerLookupClient(settings, transport=self._transport, circuit_breaker=CircuitBreaker(_create_name()))

    @property
    def async_client(self) -> AsyncCustomerLookupClient:
        """The async counterpart of `client`."""
        from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker
        from ai_voice_shared.services.customer_lookup.client import AsyncCustomerLookupClient
        from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

        settings = CustomerLookupSettings(url="http://localhost", max_attempts=1)
        return AsyncCustomerLookupClient(
            settings, transport=self._async_transport, circuit_breaker=CircuitBreaker(_create_name())
        )


def _create_name() -> str:
    import uuid

    # Circuits with the same name would share one test's outage with another test.
    return f"fake-{uuid.uuid4()}"
