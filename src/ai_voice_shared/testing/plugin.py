"""The pytest plugin: installed with the package, it provides every service's tests with the same fixtures.

pytest loads it in every run of an environment that has the package, so loading it imports nothing but pytest; each
fixture imports what it needs when a test asks for it.

======================  =================================================================================
`lambda_context`        Lambda's context of an invocation that has just begun
`aws_environment`       fake credentials, one region, and nothing of the machine's own AWS configuration
`aws_mock`              AWS in memory, by moto
`s3_service`            an `S3Service` on a bucket in memory, by moto
`customer_lookup`       a customer lookup whose customers the test adds
`twilio_webhooks`       signed webhooks of Twilio, and a `TwilioService` that takes them and their voice notes
`idempotency_table`     the table of `handle_once`, empty, in memory
`lambda_logs`           the JSON lines that the handler has logged
`traces`                the spans that were opened
`xray_collector`        the segments that the X-Ray SDK has sent
======================  =================================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ai_voice_shared.testing.context import FakeLambdaContext
    from ai_voice_shared.testing.customer_lookup import FakeCustomerLookup
    from ai_voice_shared.testing.logs import LogCapture
    from ai_voice_shared.testing.s3 import InMemoryS3Service
    from ai_voice_shared.testing.spans import RecordingTracer
    from ai_voice_shared.testing.twilio import TwilioWebhooks
    from ai_voice_shared.testing.xray import XRayCollector

__all__ = [
    "aws_environment",
    "aws_mock",
    "customer_lookup",
    "idempotency_table",
    "lambda_context",
    "lambda_logs",
    "s3_service",
    "traces",
    "twilio_webhooks",
    "xray_collector",
]


@pytest.fixture
def lambda_context() -> FakeLambdaContext:
    """Return Lambda's context of an invocation that has just begun, with 30 s to go."""
    from ai_voice_shared.testing.context import FakeLambdaContext

    return FakeLambdaContext()


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> str:
    """Keep the machine's own AWS configuration away from the test, and return the region that is set."""
    from ai_voice_shared.testing.aws import isolate

    return isolate(monkeypatch)


@pytest.fixture
def aws_mock(aws_environment: str) -> Iterator[str]:
    """Replace AWS by moto for the test, and return the region."""
    from moto import mock_aws

    from ai_voice_shared.testing.aws import clear_clients

    with mock_aws():
        clear_clients()
        yield aws_environment
    clear_clients()


@pytest.fixture
def s3_service(aws_mock: str) -> InMemoryS3Service:  # noqa: ARG001 - moto is on while the test runs
    """Return an `S3Service` on an empty bucket in memory, by moto."""
    from ai_voice_shared.testing.s3 import InMemoryS3Service

    return InMemoryS3Service()


@pytest.fixture
def customer_lookup() -> FakeCustomerLookup:
    """Return a customer lookup without customers; `add` adds one, `client` is the client."""
    from ai_voice_shared.testing.customer_lookup import FakeCustomerLookup

    return FakeCustomerLookup()


@pytest.fixture
def twilio_webhooks() -> TwilioWebhooks:
    """Return a factory of signed Twilio webhooks, as the events that a function gets."""
    from ai_voice_shared.testing.twilio import TwilioWebhooks

    return TwilioWebhooks()


@pytest.fixture
def idempotency_table(aws_mock: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of an empty table in memory, by moto, that `handle_once` uses."""
    import boto3

    from ai_voice_shared.resilience import idempotency

    name = "idempotency-of-this-test"
    boto3.client("dynamodb", region_name=aws_mock).create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    monkeypatch.setenv("IDEMPOTENCY_TABLE_NAME", name)
    # The process's own keeps the table that it has found.
    monkeypatch.setattr(idempotency, "_shared_guard", idempotency.IdempotencyGuard())
    return name


@pytest.fixture
def lambda_logs() -> Iterator[LogCapture]:
    """Return the JSON lines that the handler's Loggers write during the test."""
    from ai_voice_shared.testing.logs import LogCapture

    with LogCapture() as capture:
        yield capture


@pytest.fixture
def traces() -> Iterator[RecordingTracer]:
    """Return the spans that are opened during the test; no tracing system is needed."""
    from ai_voice_shared.observability.tracing import set_tracer
    from ai_voice_shared.testing.spans import RecordingTracer

    tracer = RecordingTracer()
    before = set_tracer(tracer)
    yield tracer
    set_tracer(before)


@pytest.fixture
def xray_collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[XRayCollector]:
    """Collect what the X-Ray SDK sends during the test; the current invocation is sampled."""
    from aws_xray_sdk.core import xray_recorder

    from ai_voice_shared.testing.xray import XRayCollector

    with XRayCollector() as collector:
        monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
        monkeypatch.delenv("POWERTOOLS_TRACE_DISABLED", raising=False)
        emitter = xray_recorder.emitter
        host, port = emitter.ip, emitter.port
        emitter.set_daemon_address(collector.address)
        yield collector
        emitter.set_daemon_address(f"{host}:{port}")
