"""What the clients add to a request: cache, single flight, stale customers, circuit and retry budget."""

from __future__ import annotations

import json
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from ai_voice_shared import AsyncCustomerLookupClient, CustomerLookupClient
from ai_voice_shared.errors import (
    CircuitOpenError,
    ConfigurationError,
    CustomerLookupError,
    CustomerLookupUnavailableError,
    MissingSettingError,
    ServiceTimeoutError,
    ServiceUnavailableError,
    ValidationError,
)
from ai_voice_shared.observability.metrics import MetricsClient, set_metrics
from ai_voice_shared.resilience.retrying import RetryBudget
from ai_voice_shared.services.customer_lookup.cache import LookupCache
from ai_voice_shared.settings.metrics import MetricsSettings
from ai_voice_shared.testing.customer_lookup import AsyncInMemoryTransport, InMemoryTransport
from ai_voice_shared.utils.deadline import Deadline, use_deadline

from .conftest import CUSTOMER, EXTERNAL_ID, PHONE, lookup_settings, own_circuit

if TYPE_CHECKING:
    from ai_voice_shared.services.customer_lookup.contract import LookupRequest, LookupResponse

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Harness:
    """Either client on a transport in memory, with a cache on a clock that a test sets."""

    def __init__(self, kind: str, **changes: Any) -> None:
        self.clock = Clock()
        self.transport = AsyncInMemoryTransport if kind == "async" else InMemoryTransport
        self.server = self.transport({PHONE: CUSTOMER, EXTERNAL_ID: CUSTOMER})
        settings = lookup_settings(**changes)
        self.cache = LookupCache(
            size=settings.cache_size,
            ttl=settings.cache_ttl,
            negative_ttl=settings.negative_cache_ttl,
            stale_if_error=settings.stale_if_error,
            clock=self.clock,
        )
        parts: dict[str, Any] = {
            "transport": self.server,
            "cache": self.cache,
            "circuit_breaker": own_circuit(failure_threshold=3),
        }
        make = AsyncCustomerLookupClient if kind == "async" else CustomerLookupClient
        self.client: Any = make(settings, **parts)
        self.is_async = kind == "async"

    async def lookup(self, phone_number: str = PHONE) -> Any:
        """Look up a number."""
        result = self.client.fetch_customer_metadata(phone_number=phone_number)
        return await result if self.is_async else result


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    """Return each kind of client in turn."""
    return str(request.param)


async def test_a_customer_is_requested_once_per_ttl(kind: str) -> None:
    """A customer is requested again only after its time to live."""
    harness = Harness(kind)
    for _ in range(5):
        assert (await harness.lookup()).customer_id == "cust-1"
    assert len(harness.server.requests) == 1
    harness.clock.now += 300
    await harness.lookup()
    assert len(harness.server.requests) == 2
    assert harness.client.cache_info() == (4, 2, 0, 1)


async def test_errors_are_never_cached(kind: str) -> None:
    """The lookup after a failed one sends a request."""
    harness = Harness(kind)
    harness.server.error = ServiceUnavailableError()
    with pytest.raises(CustomerLookupUnavailableError):
        await harness.lookup()
    harness.server.error = None
    assert await harness.lookup() is not None


@pytest.mark.parametrize(
    "error", [ServiceUnavailableError(), ServiceTimeoutError(), CustomerLookupError(status_code=502)]
)
async def test_a_stale_customer_serves_in_an_outage(kind: str, error: Exception) -> None:
    """An expired customer serves within its window, and only until the server is back."""
    harness = Harness(kind)
    await harness.lookup()
    harness.clock.now += 1000
    harness.server.error = error
    assert (await harness.lookup()).customer_id == "cust-1"
    assert harness.client.cache_info().stale == 1
    harness.clock.now += 5000
    with pytest.raises(CustomerLookupError):
        await harness.lookup()
    harness.server.error = None
    assert await harness.lookup() is not None


async def test_an_unknown_sender_never_serves_stale(kind: str) -> None:
    """A new customer is not turned away by a stale entry."""
    harness = Harness(kind)
    assert await harness.lookup("+61400000099") is None
    harness.clock.now += 15
    harness.server.error = ServiceUnavailableError()
    with pytest.raises(CustomerLookupUnavailableError):
        await harness.lookup("+61400000099")


async def test_an_open_circuit_is_unavailable(kind: str) -> None:
    """With an open circuit nothing is sent, and the error has the circuit's as its cause."""
    harness = Harness(kind)
    harness.server.error = ServiceUnavailableError()
    for _ in range(3):
        with pytest.raises(CustomerLookupUnavailableError):
            await harness.lookup()
    sent = len(harness.server.requests)
    with pytest.raises(CustomerLookupUnavailableError) as caught:
        await harness.lookup()
    assert isinstance(caught.value.__cause__, CircuitOpenError)
    assert caught.value.retry_after is not None
    assert len(harness.server.requests) == sent


async def test_an_open_circuit_serves_stale_customers(kind: str) -> None:
    """A stale customer serves at once while the circuit is open."""
    harness = Harness(kind)
    await harness.lookup()
    harness.clock.now += 1000
    harness.server.error = ServiceUnavailableError()
    for _ in range(6):
        assert (await harness.lookup()).customer_id == "cust-1"
    # One success, three failures, and then nothing was sent.
    assert len(harness.server.requests) == 4


async def test_unknown_senders_do_not_open_the_circuit(kind: str) -> None:
    """A server that responds "not found" is healthy."""
    harness = Harness(kind, cache_size=0)
    for _ in range(10):
        assert await harness.lookup("+61400000099") is None
    assert await harness.lookup() is not None


async def test_one_sender_cannot_open_the_circuit(kind: str) -> None:
    """An id that the server rejects again and again does not open the circuit."""
    harness = Harness(kind)
    harness.server.error = CustomerLookupError(status_code=422)
    for _ in range(10):
        with pytest.raises(CustomerLookupError):
            await harness.lookup()
    harness.server.error = None
    assert await harness.lookup() is not None


async def test_an_outage_is_not_multiplied_by_retries(kind: str) -> None:
    """The retry budget limits the retries of all lookups together."""
    harness = Harness(kind, max_attempts=5)
    harness.client = type(harness.client)(
        lookup_settings(max_attempts=5, cache_size=0),
        transport=harness.server,
        retry_budget=RetryBudget(capacity=2),
        circuit_breaker=own_circuit(failure_threshold=100),
    )
    harness.server.error = ServiceUnavailableError()
    for _ in range(5):
        with pytest.raises(CustomerLookupUnavailableError):
            await harness.lookup()
    assert len(harness.server.requests) == 5 + 2


async def test_all_clients_of_a_process_share_a_retry_budget(kind: str) -> None:
    """Clients that are created for each invocation share the retry budget."""
    harness = Harness(kind)
    harness.server.error = ServiceUnavailableError()
    for _ in range(20):
        harness.client = type(harness.client)(
            lookup_settings(max_attempts=2),
            transport=harness.server,
            circuit_breaker=own_circuit(failure_threshold=100),
        )
        with pytest.raises(CustomerLookupUnavailableError):
            await harness.lookup()
    assert len(harness.server.requests) == 20 + 10


async def test_the_cache_s_stats_become_metrics(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A report has one line with the statistics since the last report only."""
    harness, metrics = Harness(kind), MetricsClient("webhook-handler", settings=MetricsSettings(namespace="voice"))
    await harness.lookup()
    await harness.lookup()
    harness.client.report_metrics(metrics)
    metrics.flush()
    line = json.loads(capsys.readouterr().out)
    assert (line["customer_lookup.hits"], line["customer_lookup.misses"]) == ([1.0], [1.0])
    assert line["customer_lookup.cached"] == [1.0]
    assert "customer_lookup.stale" not in line
    await harness.lookup()
    before = set_metrics(metrics)
    try:
        harness.client.report_metrics()
    finally:
        set_metrics(before)
    metrics.flush()
    line = json.loads(capsys.readouterr().out)
    assert line["customer_lookup.hits"] == [1.0]
    assert "customer_lookup.misses" not in line
    assert PHONE not in str(line)


async def test_bad_input_sends_nothing(kind: str) -> None:
    """Bad input is the caller's error and is not sent."""
    harness = Harness(kind)
    with pytest.raises(ValidationError):
        await harness.lookup("not a number")
    assert harness.server.requests == []


async def test_a_missing_setting_is_named(kind: str) -> None:
    """A missing setting is not an outage and does not open the circuit."""
    settings = lookup_settings(auth="iam", region=None)
    settings = settings.model_copy(update={"region": None})
    make: Any = AsyncCustomerLookupClient if kind == "async" else CustomerLookupClient
    client = make(settings, circuit_breaker=own_circuit(failure_threshold=1))
    for _ in range(3):
        with pytest.raises(MissingSettingError, match="region"):
            await client.fetch_customer_metadata(phone_number=PHONE) if kind == "async" else (
                client.fetch_customer_metadata(phone_number=PHONE)
            )


class Slow(InMemoryTransport):
    """A transport that responds when a test allows it, and knows every number."""

    def __init__(self) -> None:
        super().__init__()
        self.started = threading.Event()
        self.go_on = threading.Event()

    def send(self, request: LookupRequest, timeout: float) -> LookupResponse:
        """Send a request."""
        self.customers.setdefault(request.value, {**CUSTOMER, "customer_id": request.value.strip("+")})
        self.started.set()
        assert self.go_on.wait(30)
        return super().send(request, timeout)


def test_a_thousand_lookups_of_a_hundred_numbers_are_a_hundred_requests() -> None:
    """Lookups of 32 threads before, during and after a request for the same number share it."""
    for _ in range(5):
        server = Slow()
        client = CustomerLookupClient(lookup_settings(), transport=server, circuit_breaker=own_circuit())
        numbers = [f"+614{number:08}" for number in range(100)] * 10
        wrong: list[Any] = []
        taken = iter(numbers)
        lock = threading.Lock()

        def work(
            client: CustomerLookupClient = client, wrong: list[Any] = wrong, taken: Any = taken, lock: Any = lock
        ) -> None:
            while True:
                with lock:
                    number = next(taken, None)
                if number is None:
                    return
                customer = client.fetch_customer_metadata(phone_number=number)
                if customer is None or customer.customer_id != number.strip("+"):
                    wrong.append((number, customer))

        threads = [threading.Thread(target=work) for _ in range(32)]
        for thread in threads:
            thread.start()
        assert server.started.wait(10)
        server.go_on.set()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert len(server.requests) == 100
        info = client.cache_info()
        assert (info.hits + info.misses, info.size) == (1000, 100)


async def test_a_thousand_coroutines_send_a_hundred_requests() -> None:
    """Concurrent lookups of the same number share a request."""
    go_on = anyio.Event()

    class Later(AsyncInMemoryTransport):
        """A transport that responds when a test allows it."""

        async def send(  # type: ignore[override] # the asynchronous protocol's method
            self,
            request: LookupRequest,
            timeout: float,  # noqa: ASYNC109 - the protocol's
        ) -> LookupResponse:
            """Send a request."""
            await go_on.wait()
            return await super().send(request, timeout)

    numbers = [f"+614{number:08}" for number in range(100)]
    server = Later(dict.fromkeys(numbers, CUSTOMER))
    client = AsyncCustomerLookupClient(lookup_settings(timeout=60), transport=server, circuit_breaker=own_circuit())
    got: list[Any] = []

    async def lookup(number: str) -> None:
        got.append(await client.fetch_customer_metadata(phone_number=number))

    async with anyio.create_task_group() as tasks:
        for number in numbers * 10:
            tasks.start_soon(lookup, number)
        await anyio.wait_all_tasks_blocked()
        go_on.set()
    assert len(server.requests) == 100
    assert len([customer for customer in got if customer is not None]) == 1000


async def test_a_cancelled_caller_does_not_fail_the_others() -> None:
    """Callers that wait for a request whose caller was cancelled still get the customer."""
    go_on = anyio.Event()

    class Later(AsyncInMemoryTransport):
        """A transport that responds when a test allows it."""

        async def send(  # type: ignore[override] # the asynchronous protocol's method
            self,
            request: LookupRequest,
            timeout: float,  # noqa: ASYNC109 - the protocol's
        ) -> LookupResponse:
            """Send a request."""
            await go_on.wait()
            return await super().send(request, timeout)

    client = AsyncCustomerLookupClient(
        lookup_settings(timeout=60), transport=Later({PHONE: CUSTOMER}), circuit_breaker=own_circuit()
    )
    got: list[Any] = []

    async def lookup() -> None:
        got.append(await client.fetch_customer_metadata(phone_number=PHONE))

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as cancelled:
                cancelled.start_soon(lookup)
                await anyio.wait_all_tasks_blocked()
                tasks.start_soon(lookup)
                tasks.start_soon(lookup)
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
        go_on.set()
    assert len(got) == 2
    assert None not in got


def test_a_waiting_caller_keeps_its_own_deadline() -> None:
    """A caller that waits for another's request gets an error while it has time to handle it."""
    server = Slow()
    client = CustomerLookupClient(lookup_settings(timeout=30), transport=server, circuit_breaker=own_circuit())
    leader = threading.Thread(target=lambda: client.fetch_customer_metadata(phone_number=PHONE))
    leader.start()
    assert server.started.wait(10)
    began = time.monotonic()
    with use_deadline(Deadline(0.1)), pytest.raises(CustomerLookupUnavailableError):
        client.fetch_customer_metadata(phone_number=PHONE)
    assert time.monotonic() - began < 10
    server.go_on.set()
    leader.join()


def test_spans_have_the_outcome() -> None:
    """A span has the outcome of the lookup, and nothing of the sender."""
    from ai_voice_shared.testing.spans import RecordingTracer

    tracer = RecordingTracer()
    server = InMemoryTransport({PHONE: CUSTOMER})
    client = CustomerLookupClient(lookup_settings(), transport=server, tracer=tracer, circuit_breaker=own_circuit())
    client.fetch_customer_metadata(phone_number=PHONE)
    client.fetch_customer_metadata(phone_number=PHONE)
    client.fetch_customer_metadata(phone_number="+61400000099")
    server.error = ServiceTimeoutError()
    with pytest.raises(CustomerLookupUnavailableError):
        client.fetch_customer_metadata(external_user_id=EXTERNAL_ID)
    assert [(span.name, span.annotations) for span in tracer.spans] == [
        ("## customer_lookup", {"outcome": "found"}),
        ("## customer_lookup", {"outcome": "not found"}),
        ("## customer_lookup", {"outcome": "service_timeout"}),
    ]


@pytest.mark.parametrize(
    ("changes", "given", "plain", "later"),
    [
        ({}, None, "HttpTransport", "AsyncHttpTransport"),
        ({"url": None, "function_name": "f"}, None, "LambdaTransport", "AsyncLambdaTransport"),
        ({"function_name": "f"}, None, "HttpTransport", "AsyncHttpTransport"),
        ({"function_name": "f"}, SimpleNamespace(), "LambdaTransport", "AsyncLambdaTransport"),
    ],
)
def test_the_settings_choose_the_transport(changes: dict[str, Any], given: Any, plain: str, later: str) -> None:
    """A URL takes precedence over a function, and a passed Lambda client is used."""
    settings = lookup_settings(**changes)
    assert type(CustomerLookupClient(settings, lambda_client=given).transport).__name__ == plain
    assert type(AsyncCustomerLookupClient(settings, lambda_client=given).transport).__name__ == later


def test_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are read from the environment at the first lookup, and not before."""
    monkeypatch.delenv("CUSTOMER_LOOKUP_URL", raising=False)
    monkeypatch.delenv("CUSTOMER_LOOKUP_FUNCTION_NAME", raising=False)
    client = CustomerLookupClient()
    with pytest.raises(MissingSettingError, match="CUSTOMER_LOOKUP_URL or CUSTOMER_LOOKUP_FUNCTION_NAME"):
        client.fetch_customer_metadata(phone_number=PHONE)
    monkeypatch.setenv("CUSTOMER_LOOKUP_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("CUSTOMER_LOOKUP_CACHE_SIZE", "7")
    assert client.settings.cache_size == 7
    assert issubclass(MissingSettingError, ConfigurationError)


async def test_both_clients_share_the_process_s_circuit_by_name() -> None:
    """The default circuit of both clients is the server's."""
    assert CustomerLookupClient(lookup_settings()).circuit_breaker.name == "customer-lookup-server"
    assert AsyncCustomerLookupClient(lookup_settings()).circuit_breaker.name == "customer-lookup-server"
