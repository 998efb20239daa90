"""What the clients add to asking: the cache, one flight, stale answers, the circuit, budgets."""

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
from ai_voice_shared.resilience.deadline import Deadline, use_deadline
from ai_voice_shared.resilience.retrying import RetryBudget
from ai_voice_shared.services.customer_lookup.cache import LookupCache
from ai_voice_shared.settings.metrics import MetricsSettings
from ai_voice_shared.testing.customer_lookup import AsyncInMemoryTransport, InMemoryTransport

from .conftest import CUSTOMER, EXTERNAL_ID, PHONE, lookup_settings, own_circuit

if TYPE_CHECKING:
    from ai_voice_shared.services.customer_lookup.contract import LookupRequest, LookupResponse

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


class Clock:
    """A clock that is put forward by hand."""

    now = 1000.0

    def __call__(self) -> float:
        """Give its time."""
        return self.now


class World:
    """Both clients on one transport in memory, with a cache on a clock that is put forward by hand."""

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

    async def ask(self, phone_number: str = PHONE) -> Any:
        """Look a number up."""
        answer = self.client.fetch_customer_metadata(phone_number=phone_number)
        return await answer if self.is_async else answer


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    """Give each kind of client in turn."""
    return str(request.param)


async def test_a_customer_is_asked_for_once_in_its_time(kind: str) -> None:
    """Then anew."""
    world = World(kind)
    for _ in range(5):
        assert (await world.ask()).customer_id == "cust-1"
    assert len(world.server.requests) == 1
    world.clock.now += 300
    await world.ask()
    assert len(world.server.requests) == 2
    assert world.client.cache_info() == (4, 2, 0, 1)


async def test_errors_are_never_kept(kind: str) -> None:
    """The next question is asked, and answered."""
    world = World(kind)
    world.server.error = ServiceUnavailableError()
    with pytest.raises(CustomerLookupUnavailableError):
        await world.ask()
    world.server.error = None
    assert await world.ask() is not None


@pytest.mark.parametrize(
    "error", [ServiceUnavailableError(), ServiceTimeoutError(), CustomerLookupError(status_code=502)]
)
async def test_a_stale_customer_serves_in_an_outage(kind: str, error: Exception) -> None:
    """Within its window, and only until the server is back."""
    world = World(kind)
    await world.ask()
    world.clock.now += 1000
    world.server.error = error
    assert (await world.ask()).customer_id == "cust-1"
    assert world.client.cache_info().stale == 1
    world.clock.now += 5000
    with pytest.raises(CustomerLookupError):
        await world.ask()
    world.server.error = None
    assert await world.ask() is not None


async def test_nobody_never_serves_stale(kind: str) -> None:
    """A new customer is not turned away by an old answer."""
    world = World(kind)
    assert await world.ask("+61400000099") is None
    world.clock.now += 15
    world.server.error = ServiceUnavailableError()
    with pytest.raises(CustomerLookupUnavailableError):
        await world.ask("+61400000099")


async def test_an_open_circuit_is_unavailable_and_says_so(kind: str) -> None:
    """The caller sees one kind of error, and its cause; nobody is asked."""
    world = World(kind)
    world.server.error = ServiceUnavailableError()
    for _ in range(3):
        with pytest.raises(CustomerLookupUnavailableError):
            await world.ask()
    asked = len(world.server.requests)
    with pytest.raises(CustomerLookupUnavailableError) as caught:
        await world.ask()
    assert isinstance(caught.value.__cause__, CircuitOpenError)
    assert caught.value.retry_after is not None
    assert len(world.server.requests) == asked


async def test_an_open_circuit_serves_stale_answers(kind: str) -> None:
    """At once, without a wait for time limits."""
    world = World(kind)
    await world.ask()
    world.clock.now += 1000
    world.server.error = ServiceUnavailableError()
    for _ in range(6):
        assert (await world.ask()).customer_id == "cust-1"
    # One success, three failures, and then nobody was asked.
    assert len(world.server.requests) == 4


async def test_nobody_does_not_open_the_circuit(kind: str) -> None:
    """A server that answers "nobody" is well."""
    world = World(kind, cache_size=0)
    for _ in range(10):
        assert await world.ask("+61400000099") is None
    assert await world.ask() is not None


async def test_one_sender_cannot_open_the_circuit(kind: str) -> None:
    """Whose id the server refuses, again and again."""
    world = World(kind)
    world.server.error = CustomerLookupError(status_code=422)
    for _ in range(10):
        with pytest.raises(CustomerLookupError):
            await world.ask()
    world.server.error = None
    assert await world.ask() is not None


async def test_an_outage_is_not_multiplied_by_retries(kind: str) -> None:
    """A process has a budget for them."""
    world = World(kind, max_attempts=5)
    world.client = type(world.client)(
        lookup_settings(max_attempts=5, cache_size=0),
        transport=world.server,
        retry_budget=RetryBudget(capacity=2),
        circuit_breaker=own_circuit(failure_threshold=100),
    )
    world.server.error = ServiceUnavailableError()
    for _ in range(5):
        with pytest.raises(CustomerLookupUnavailableError):
            await world.ask()
    assert len(world.server.requests) == 5 + 2


async def test_all_clients_of_a_process_pay_from_one_purse(kind: str) -> None:
    """One that is made for each invocation does not multiply an outage either."""
    world = World(kind)
    world.server.error = ServiceUnavailableError()
    for _ in range(20):
        world.client = type(world.client)(
            lookup_settings(max_attempts=2),
            transport=world.server,
            circuit_breaker=own_circuit(failure_threshold=100),
        )
        with pytest.raises(CustomerLookupUnavailableError):
            await world.ask()
    assert len(world.server.requests) == 20 + 10


async def test_the_cache_s_figures_become_metrics(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Those since the last report, in one line; nothing that did not happen."""
    world, metrics = World(kind), MetricsClient("webhook-handler", settings=MetricsSettings(namespace="voice"))
    await world.ask()
    await world.ask()
    world.client.report_metrics(metrics)
    metrics.flush()
    line = json.loads(capsys.readouterr().out)
    assert (line["customer_lookup.hits"], line["customer_lookup.misses"]) == ([1.0], [1.0])
    assert line["customer_lookup.cached"] == [1.0]
    assert "customer_lookup.stale" not in line
    await world.ask()
    before = set_metrics(metrics)
    try:
        world.client.report_metrics()
    finally:
        set_metrics(before)
    metrics.flush()
    line = json.loads(capsys.readouterr().out)
    assert line["customer_lookup.hits"] == [1.0]
    assert "customer_lookup.misses" not in line
    assert PHONE not in str(line)


async def test_bad_input_asks_nobody(kind: str) -> None:
    """It is the caller's error, and not an outage."""
    world = World(kind)
    with pytest.raises(ValidationError):
        await world.ask("not a number")
    assert world.server.requests == []


async def test_a_setting_that_is_missing_is_named(kind: str) -> None:
    """It is neither an outage nor does it open the circuit."""
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
    """Answers when it is told to, and anybody."""

    def __init__(self) -> None:
        super().__init__()
        self.started = threading.Event()
        self.go_on = threading.Event()

    def send(self, request: LookupRequest, timeout: float) -> LookupResponse:
        """Answer a question."""
        self.customers.setdefault(request.value, {**CUSTOMER, "customer_id": request.value.strip("+")})
        self.started.set()
        assert self.go_on.wait(30)
        return super().send(request, timeout)


def test_a_thousand_lookups_of_a_hundred_numbers_are_a_hundred_calls() -> None:
    """From 32 threads, whenever they come: before, during and after the flight."""
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


async def test_a_thousand_coroutines_ask_a_hundred_times() -> None:
    """All at once."""
    go_on = anyio.Event()

    class Later(AsyncInMemoryTransport):
        """Answers when it is told to."""

        async def send(  # type: ignore[override] # the asynchronous protocol's method
            self,
            request: LookupRequest,
            timeout: float,  # noqa: ASYNC109 - the protocol's
        ) -> LookupResponse:
            """Answer a question."""
            await go_on.wait()
            return await super().send(request, timeout)

    numbers = [f"+614{number:08}" for number in range(100)]
    server = Later(dict.fromkeys(numbers, CUSTOMER))
    client = AsyncCustomerLookupClient(lookup_settings(timeout=60), transport=server, circuit_breaker=own_circuit())
    got: list[Any] = []

    async def ask(number: str) -> None:
        got.append(await client.fetch_customer_metadata(phone_number=number))

    async with anyio.create_task_group() as tasks:
        for number in numbers * 10:
            tasks.start_soon(ask, number)
        await anyio.wait_all_tasks_blocked()
        go_on.set()
    assert len(server.requests) == 100
    assert len([customer for customer in got if customer is not None]) == 1000


async def test_a_cancelled_caller_does_not_fail_the_others() -> None:
    """Who waits for the same sender gets the answer."""
    go_on = anyio.Event()

    class Later(AsyncInMemoryTransport):
        """Answers when it is told to."""

        async def send(  # type: ignore[override] # the asynchronous protocol's method
            self,
            request: LookupRequest,
            timeout: float,  # noqa: ASYNC109 - the protocol's
        ) -> LookupResponse:
            """Answer a question."""
            await go_on.wait()
            return await super().send(request, timeout)

    client = AsyncCustomerLookupClient(
        lookup_settings(timeout=60), transport=Later({PHONE: CUSTOMER}), circuit_breaker=own_circuit()
    )
    got: list[Any] = []

    async def ask() -> None:
        got.append(await client.fetch_customer_metadata(phone_number=PHONE))

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as cancelled:
                cancelled.start_soon(ask)
                await anyio.wait_all_tasks_blocked()
                tasks.start_soon(ask)
                tasks.start_soon(ask)
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
        go_on.set()
    assert len(got) == 2
    assert None not in got


def test_who_waits_for_another_s_call_keeps_its_own_deadline() -> None:
    """It gets an error, or a stale answer, while there is time to use it."""
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


def test_spans_say_what_became_of_it() -> None:
    """And nothing of who was asked for."""
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
def test_the_settings_choose_the_way(changes: dict[str, Any], given: Any, plain: str, later: str) -> None:
    """A URL first, then a function; a Lambda client that is given is used."""
    settings = lookup_settings(**changes)
    assert type(CustomerLookupClient(settings, lambda_client=given).transport).__name__ == plain
    assert type(AsyncCustomerLookupClient(settings, lambda_client=given).transport).__name__ == later


def test_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read, made or connected before the first question."""
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
    """By default it is the one of the server."""
    assert CustomerLookupClient(lookup_settings()).circuit_breaker.name == "customer-lookup-server"
    assert AsyncCustomerLookupClient(lookup_settings()).circuit_breaker.name == "customer-lookup-server"
