"""A lookup server with injected faults, and both clients."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from ai_voice_shared import AsyncCustomerLookupClient, CustomerLookupClient, CustomerLookupSettings
from ai_voice_shared.http import AsyncHttpClient, HttpClient
from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker
from ai_voice_shared.services.customer_lookup.contract import is_server_failure
from ai_voice_shared.services.customer_lookup.http_transport import AsyncHttpTransport, HttpTransport
from tests.support.faulty_http import FaultyHttp, reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from ai_voice_shared import CustomerMetadata
    from tests.support.faulty_http import Responder

PHONE = "+61412345678"
EXTERNAL_ID = "US.9876ZYX"
CUSTOMER = {"customer_id": "cust-1", "company_id": "acme", "company_name": "Acme Pty Ltd"}


def found() -> Responder:
    """Respond with the customer."""
    return reply(200, CUSTOMER, {"Content-Type": "application/json"})


def unknown() -> Responder:
    """Respond that the sender is unknown."""
    return reply(404, {"status": 404, "code": "customer_not_found"}, {"Content-Type": "application/problem+json"})


def lookup_settings(**changes: Any) -> CustomerLookupSettings:
    """Create settings with short timeouts and one attempt."""
    values: dict[str, Any] = {
        "url": "http://127.0.0.1:9",
        "region": "eu-central-1",
        "connect_timeout": 1.0,
        "read_timeout": 1.0,
        "timeout": 5.0,
        "max_attempts": 1,
    }
    return CustomerLookupSettings(**(values | changes))


def own_circuit(**options: Any) -> CircuitBreaker:
    """Create a circuit that no other test uses."""
    return CircuitBreaker(f"lookup-{uuid.uuid4()}", is_failure=is_server_failure, **options)


@pytest.fixture(autouse=True)
def _full_retry_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Isolate the tests' retries: a process has one budget for them."""
    monkeypatch.setattr("ai_voice_shared.resilience.retrying._budgets", {})


@pytest.fixture
def server() -> Iterator[FaultyHttp]:
    """Run a server that knows the customer, unless a test sets other responses."""
    with FaultyHttp(responses=[found()]) as made:
        yield made


@pytest.fixture(params=["sync", "async"])
async def make_lookup(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[Any]:
    """Return a function that creates either client and returns its lookup as a coroutine function."""
    plain, later = HttpClient(), AsyncHttpClient()

    def make(settings: CustomerLookupSettings, **parts: Any) -> Any:
        if parts.setdefault("circuit_breaker", own_circuit()) is None:
            del parts["circuit_breaker"]  # the client's own, by its settings
        if request.param == "async":
            parts.setdefault("transport", AsyncHttpTransport(settings, later))
            return AsyncCustomerLookupClient(settings, **parts).fetch_customer_metadata
        parts.setdefault("transport", HttpTransport(settings, plain))
        client = CustomerLookupClient(settings, **parts)

        async def in_thread(**sender: str) -> CustomerMetadata | None:
            return await anyio.to_thread.run_sync(lambda: client.fetch_customer_metadata(**sender))

        return in_thread

    yield make
    plain.close()
    await later.aclose()
