"""The pytest plugin, installed with the package, with the fixtures for the tests of services.

pytest loads it in every run of an environment that has the package, so the module imports pytest only; a fixture
imports what it needs when a test requests it.

======================  =================================================================================
`lambda_context`        Lambda's context of a new invocation
`aws_environment`       fake credentials and a region in place of the machine's AWS configuration
`aws_mock`              AWS in memory, by moto
`s3_service`            an `S3Service` on an in-memory bucket, by moto
`customer_lookup`       a customer lookup whose customers the test adds
`twilio_webhooks`       signed webhooks of Twilio, and a `TwilioService` that accepts them
`idempotency_table`     an empty in-memory table for `handle_once`
`lambda_logs`           the JSON lines that the handler logs
`traces`                the spans that are opened
`xray_collector`        the segments that the X-Ray SDK sends
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
    """Return Lambda's context of a new invocation, with 30 s remaining."""
    from ai_voice_shared.testing.context import FakeLambdaContext

    return FakeLambdaContext()


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> str:
    """Replace the machine's AWS configuration by fake credentials, and return the region."""
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
    """Return an `S3Service` on an empty in-memory bucket, by moto."""
    from ai_voice_shared.testing.s3 import InMemoryS3Service

    return InMemoryS3Service()


@pytest.fixture
def customer_lookup() -> FakeCustomerLookup:
    """Return a customer lookup without customers; `add` adds one, `client` is the client."""
    from ai_voice_shared.testing.customer_lookup import FakeCustomerLookup

    return FakeCustomerLookup()


@pytest.fixture
def twilio_webhooks() -> TwilioWebhooks:
    """Return a factory of signed Twilio webhooks, as events of Lambda."""
    from ai_voice_shared.testing.twilio import TwilioWebhooks

    return TwilioWebhooks()


@pytest.fixture
def idempotency_table(aws_mock: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of an empty in-memory table, by moto, that `handle_once` uses."""
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
    # The process's own guard has stored the table's name.
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
    """Return a collector of the segments that the X-Ray SDK sends during the test, which is sampled."""
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
