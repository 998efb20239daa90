"""The protocols of the package, each with a minimal implementation."""

from __future__ import annotations

import typing
from typing import Any

from .registry import checks_usage

__all__: list[str] = []


@checks_usage("agents.AgentSettingsSource")
def a_source_of_ones_own() -> None:
    """An object with a name and a read method is a source."""
    from ai_voice_shared.agents import AgentSettingsSource, CachedSource

    class Wall:
        name = "wall"

        def read(self, agent_id: str | None) -> dict[str, Any]:
            return {"model": f"model-of-{agent_id}"}

    source: AgentSettingsSource = Wall()
    assert CachedSource(source).read("agent-7") == {"model": "model-of-agent-7"}


@checks_usage("auth.ApiKeyStore")
def a_key_store_of_ones_own() -> None:
    """An object that gets, puts and deletes is a store of keys."""
    from ai_voice_shared.auth import ApiKeyRecord, ApiKeyStore, InternalAuthManager

    class Shelf(dict[str, ApiKeyRecord]):
        def put(self, record: ApiKeyRecord) -> None:
            self[record.key_id] = record

        def delete(self, key_id: str) -> None:
            self.pop(key_id, None)

    shelf = Shelf()
    store: ApiKeyStore = typing.cast("Any", shelf)
    new = InternalAuthManager(store).create_key("notes")
    identity = InternalAuthManager(store).authenticate(new.key)
    assert (identity.service, list(shelf)) == ("notes", [identity.key_id])


@checks_usage("events.ClaimCheckStore", "events.DeadLetterQueue", "events.Outbox")
def the_parts_of_events_follow_their_protocols() -> None:
    """The package's own classes satisfy its protocols."""
    from ai_voice_shared.events import (
        ClaimCheckStore,
        DeadLetterQueue,
        DynamoDBOutbox,
        Outbox,
        S3ClaimCheckStore,
        SQSDeadLetterQueue,
    )

    assert isinstance(S3ClaimCheckStore("bucket"), ClaimCheckStore)
    assert isinstance(SQSDeadLetterQueue("https://queue"), DeadLetterQueue)
    assert isinstance(DynamoDBOutbox("table"), Outbox)
    assert not isinstance(DynamoDBOutbox("table"), DeadLetterQueue)


@checks_usage("observability.Tracer", "observability.tracing.Span", "observability.tracing.AnnotationValue")
def a_tracer_of_ones_own() -> None:
    """An object whose spans accept annotations is a tracer."""
    from contextlib import contextmanager

    from ai_voice_shared.observability import Tracer, get_tracer, set_tracer
    from ai_voice_shared.observability.tracing import AnnotationValue, Span

    assert set(str(AnnotationValue).replace(" ", "").split("|")) >= {"str", "float", "bool"}
    noted: list[tuple[str, Any]] = []

    class Notes:
        def annotate(self, key: str, value: Any) -> None:
            noted.append((key, value))

        def fail(self, error: BaseException) -> None:
            noted.append(("failed", type(error).__name__))

    class Mine:
        @contextmanager
        def span(self, name: str, /, **annotations: Any) -> typing.Iterator[Span]:
            noted.extend(annotations.items())
            yield Notes()

    tracer: Tracer = typing.cast("Any", Mine())
    before = set_tracer(tracer)
    try:
        with get_tracer().span("## work", size=3) as span:
            span.annotate("outcome", "done")
    finally:
        set_tracer(before)
    assert noted == [("size", 3), ("outcome", "done")]


@checks_usage("observability.metrics.MetricsBackend")
def a_backend_of_ones_own() -> None:
    """A custom backend receives the metrics."""
    from ai_voice_shared.observability import MetricsClient
    from ai_voice_shared.observability.metrics import MetricsBackend

    class Recorded:
        def __init__(self) -> None:
            self.values: list[tuple[str, float, str, dict[str, str]]] = []

        def add(self, name: str, value: float, unit: str, tags: dict[str, str]) -> None:
            self.values.append((name, value, unit, tags))

        def flush(self) -> None:
            self.values.append(("flushed", 0, "", {}))

    recorded = Recorded()
    backend: MetricsBackend = recorded
    client = MetricsClient("mine", backend=backend)
    client.increment("calls", route="a")
    client.flush()
    assert recorded.values == [("calls", 1, "Count", {"route": "a"}), ("flushed", 0, "", {})]


@checks_usage(
    "utils.deadline.LambdaContext", "resilience.idempotency.IdempotentEvent", "resilience.rate_limit.RateStore"
)
def resilience_accepts_what_fits_its_protocols() -> None:
    """Lambda's context, an event with a key, and a custom counter satisfy their protocols."""
    from ai_voice_shared import Deadline
    from ai_voice_shared.errors import RateLimitedError
    from ai_voice_shared.resilience.idempotency import IdempotentEvent
    from ai_voice_shared.resilience.rate_limit import RateLimiter, RateStore
    from ai_voice_shared.utils.deadline import LambdaContext

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 5000

    class Event:
        idempotency_key = "SM1"

    class Full:
        def count(self, key: str, expires_at: int) -> int:
            return 1000

    context: LambdaContext = Context()
    assert 0 < Deadline.from_context(context).remaining() <= 5
    event: IdempotentEvent = typing.cast("Any", Event())
    assert event.idempotency_key == "SM1"
    store: RateStore = Full()
    try:
        RateLimiter("login", limit=5, window=60, store=store).check("somebody")
    except RateLimitedError as error:
        assert error.retry_after
    else:
        raise AssertionError


@checks_usage(
    "services.customer_lookup.contract.LOOKUP_PATH",
    "services.customer_lookup.contract.MAX_RESPONSE_BYTES",
    "services.customer_lookup.contract.SERVICE",
    "services.customer_lookup.contract.Transport",
    "services.customer_lookup.contract.AsyncTransport",
)
def the_lookup_accepts_a_custom_transport() -> None:
    """Both clients accept any transport that sends a request, and parse its response."""
    import json

    import anyio

    from ai_voice_shared import AsyncCustomerLookupClient, CustomerLookupClient
    from ai_voice_shared.services.customer_lookup.contract import (
        LOOKUP_PATH,
        MAX_RESPONSE_BYTES,
        SERVICE,
        AsyncTransport,
        LookupRequest,
        LookupResponse,
        Transport,
    )

    from .loopback import CUSTOMER

    class CustomTransport:
        def send(self, request: LookupRequest, timeout: float) -> LookupResponse:
            assert (request.kind, request.value) == ("phone_number", "+61400000000")
            return LookupResponse(200, {}, json.dumps(CUSTOMER).encode())

    class AsyncCustomTransport:
        async def send(self, request: LookupRequest, timeout: float) -> LookupResponse:  # noqa: ASYNC109 - the protocol's
            return CustomTransport().send(request, timeout)

    transport: Transport = CustomTransport()
    async_transport: AsyncTransport = AsyncCustomTransport()

    async def ask() -> Any:
        client = AsyncCustomerLookupClient(transport=async_transport)
        return await client.fetch_customer_metadata(phone_number="+61400000000")

    customer = CustomerLookupClient(transport=transport).fetch_customer_metadata(
        phone_number="whatsapp:+61 400 000 000"
    )
    assert customer == anyio.run(ask)
    assert customer is not None
    assert customer.customer_id == "cust-1"
    assert len(json.dumps(CUSTOMER)) < MAX_RESPONSE_BYTES <= 1 << 20
    assert (SERVICE, LOOKUP_PATH) == ("customer-lookup-server", "/customers/lookup")


@checks_usage("services.twilio.client.MediaUpload")
def media_may_be_streamed_to_a_custom_upload() -> None:
    """The parameters of an upload are those that `store_media` passes."""
    from ai_voice_shared.services.twilio.client import MediaUpload

    assert getattr(MediaUpload, "_is_protocol", False)
    assert "key" in MediaUpload.__call__.__annotations__
