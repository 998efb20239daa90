"""Retries, circuits, limits, idempotency, deadlines, signatures, priming and the process's AWS clients."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from typing import Any

from .registry import checks_usage
from .storage import new_bucket
from .tables import new_table

__all__: list[str] = []


@checks_usage(
    "resilience.RetryBudget",
    "resilience.RetryPolicy",
    "resilience.retry",
    "resilience.retrying.call_with_retry",
    "resilience.retrying.call_with_retry_async",
    "resilience.retrying.is_retryable",
)
def the_third_attempt_succeeds() -> None:
    """Functions, coroutines and decorated functions are retried; a permanent error is not."""
    import anyio

    from ai_voice_shared.errors import NotFoundError, ServiceUnavailableError
    from ai_voice_shared.resilience import RetryBudget, RetryPolicy, retry
    from ai_voice_shared.resilience.retrying import call_with_retry, call_with_retry_async, is_retryable

    assert is_retryable(ServiceUnavailableError("down"))
    assert not is_retryable(NotFoundError("Subject", "1"))
    policy, attempts = RetryPolicy(max_attempts=3, delay=0), []

    def work() -> str:
        attempts.append(1)
        if len(attempts) % 3:
            raise ServiceUnavailableError("down")
        return "done"

    async def work_async() -> str:
        return work()

    assert call_with_retry(work, policy, budget=RetryBudget()) == "done"
    assert anyio.run(lambda: call_with_retry_async(work_async, policy)) == "done"
    assert retry(max_attempts=3, delay=0)(work)() == "done"
    assert len(attempts) == 9


@checks_usage(
    "resilience.CircuitBreaker", "resilience.circuit_breaker.dynamodb_store", "resilience.circuit_stores.memory_store"
)
def a_circuit_is_shared_by_its_table() -> None:
    """A circuit that a process opens is open for another process."""
    from ai_voice_shared.errors import CircuitOpenError
    from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker, dynamodb_store
    from ai_voice_shared.resilience.circuit_stores import memory_store

    assert memory_store() is memory_store()
    table, name = new_table("id"), f"circuit-{uuid.uuid4()}"
    breaker = CircuitBreaker(name, failure_threshold=1, store=dynamodb_store(table))
    with contextlib.suppress(ZeroDivisionError):
        breaker.call(lambda: 1 / 0)
    other = CircuitBreaker(name, failure_threshold=1, store=dynamodb_store(table))
    try:
        other.call(lambda: 42)
    except CircuitOpenError:
        return
    raise AssertionError


@checks_usage("resilience.rate_limit.RateLimiter", "resilience.rate_limit.DynamoDBRateStore")
def calls_are_counted_in_a_table() -> None:
    """A rate limit is shared by all processes."""
    from ai_voice_shared.errors import RateLimitedError
    from ai_voice_shared.resilience.rate_limit import DynamoDBRateStore, RateLimiter

    table = new_table("id")
    for _ in range(2):
        RateLimiter("login", limit=2, window=600, store=DynamoDBRateStore(table)).check("192.0.2.1")
    try:
        RateLimiter("login", limit=2, window=600, store=DynamoDBRateStore(table)).check("192.0.2.1")
    except RateLimitedError:
        return
    raise AssertionError


@checks_usage("handle_once", "resilience.IdempotencyGuard")
def a_delivery_is_handled_once() -> None:
    """A second call gets the outcome of the first."""
    from ai_voice_shared import handle_once

    os.environ["IDEMPOTENCY_TABLE_NAME"] = new_table("id")

    class Message:
        idempotency_key = f"SM{uuid.uuid4()}"

    worked: list[str] = []

    def work() -> str:
        worked.append("once")
        return "stored"

    assert [handle_once(Message(), work) for _ in range(2)] == ["stored", "stored"]
    assert worked == ["once"]


@checks_usage("Deadline", "use_deadline", "resilience.current_deadline")
def time_is_shared() -> None:
    """The deadline is set inside the block and unset outside."""
    from ai_voice_shared import Deadline, use_deadline
    from ai_voice_shared.resilience import current_deadline

    with use_deadline(Deadline(5)) as deadline:
        assert current_deadline() is deadline
        assert 0 < deadline.remaining() <= 5
    assert current_deadline() is None


@checks_usage(
    "security.sigv4.AwsCredentials", "security.sigv4.credentials", "security.sigv4.sign", "aws.aws_credentials"
)
def requests_are_signed_with_the_role_s_credentials() -> None:
    """Credentials are those of the environment, as botocore finds them."""
    from ai_voice_shared.aws import aws_credentials
    from ai_voice_shared.security.sigv4 import AwsCredentials, credentials, sign

    found = credentials()
    assert isinstance(found, AwsCredentials)
    assert aws_credentials().get_frozen_credentials().access_key == os.environ["AWS_ACCESS_KEY_ID"]
    headers = sign("GET", "https://example.com/x", {}, b"", service="lambda", region="us-east-1", credentials=found)
    assert f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/" in headers["Authorization"]


@checks_usage("aws.aws_client", "aws.close_connections")
def clients_belong_to_the_process() -> None:
    """The same arguments return the same client, which works after its connections were closed."""
    from ai_voice_shared.aws import aws_client, close_connections

    client = aws_client("s3")
    assert client is aws_client("s3")
    before = client.meta.endpoint_url
    close_connections()
    assert aws_client("s3").meta.endpoint_url == before == os.environ["AWS_ENDPOINT_URL"]
    bucket = new_bucket()
    assert client.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200


@checks_usage(
    "aws.AwsFailure",
    "aws.classify_error",
    "aws.clear_clients",
    "aws.dynamodb_client",
    "aws.map_error",
    "aws.map_errors",
)
def aws_failures_are_typed() -> None:
    """A missing table is a configuration error; a cleared client is created again."""
    from ai_voice_shared.aws import (
        AwsFailure,
        classify_error,
        clear_clients,
        dynamodb_client,
        map_error,
        map_errors,
    )
    from ai_voice_shared.errors import ConfigurationError

    client = dynamodb_client()
    assert dynamodb_client() is client
    key = {"id": {"S": "a"}}
    try:
        with map_errors(service="dynamodb", action="get_item", errors={"missing": ConfigurationError}):
            client.get_item(TableName="there-is-no-such-table", Key=key)
    except ConfigurationError as error:
        cause = error.__cause__
        assert cause is not None
        failure = classify_error(cause)
        assert isinstance(failure, AwsFailure)
        assert (failure.kind, failure.transient) == ("missing", False)
        assert str(map_error(cause, service="dynamodb", action="get_item")) == str(error)
    else:
        raise AssertionError
    clear_clients()
    assert dynamodb_client() is not client


@checks_usage("aws.data.CONTENTS", "aws.data.clear", "aws.data.create_client", "aws.data.report")
@checks_usage(
    "aws.data.trimmed_session", "aws.limits.DeadlineEmitter", "aws.limits.apply_limits", "aws.tls.SharedContext"
)
def clients_come_from_the_layer_s_data() -> None:
    """A client is created from the data, with limits from the deadline and the shared TLS context."""
    import ssl
    from pathlib import Path

    import ai_voice_shared
    from ai_voice_shared.aws import data
    from ai_voice_shared.aws.limits import DeadlineEmitter, apply_limits
    from ai_voice_shared.aws.tls import SharedContext, shared_context
    from ai_voice_shared.errors import DeadlineExceededError
    from ai_voice_shared.utils.deadline import Deadline, use_deadline

    assert (Path(ai_voice_shared.__file__).parent / "_botocore_data" / data.CONTENTS).is_file()
    assert data.trimmed_session() is not None
    client, doubt = data.create_client("dynamodb", region_name="eu-central-1", endpoint_url=None)
    assert (client.meta.region_name, doubt) == ("eu-central-1", "")
    apply_limits(client, 0.0, bundle="")
    try:
        with use_deadline(Deadline(0)):
            client.get_item(TableName="notes", Key={"id": {"S": "a"}})
    except DeadlineExceededError:
        pass
    else:
        raise AssertionError
    assert DeadlineEmitter().emit("needs-retry.dynamodb.GetItem") == []
    context = shared_context()
    assert isinstance(context, SharedContext)
    context.load_verify_locations("")
    assert context.verify_mode == ssl.CERT_REQUIRED
    data.report("dynamodb", "it is only tried here")
    data.clear()


@checks_usage("prime", "enable_snapstart", "priming.after_restore")
def a_snapshot_is_primed_and_restored() -> None:
    """The runtime's hooks call the registered functions."""
    import random

    from snapshot_restore_py import get_after_restore, get_before_snapshot

    from ai_voice_shared import enable_snapstart, prime
    from ai_voice_shared.priming import after_restore

    os.environ["S3_BUCKET_NAME"] = "notes"
    prime("models", "s3", "dynamodb")
    enable_snapstart("models")
    ((hook, arguments, _),) = get_before_snapshot()
    assert (hook, arguments) == (prime, ("models",))
    assert get_after_restore()[0][0] is after_restore
    random.seed(1)
    alike = random.random()
    random.seed(1)
    after_restore()
    assert random.random() != alike


@checks_usage("utils.PasswordReport", "utils.check_password", "utils.is_valid_password")
def a_password_is_reported_on() -> None:
    """A report names a password's faults, or none."""
    from ai_voice_shared.utils import PasswordReport, check_password, is_valid_password

    report = check_password("short")
    assert isinstance(report, PasswordReport)
    assert not report
    assert not is_valid_password("short")
    assert is_valid_password("correct Horse 9 battery staple!")


@checks_usage("utils.Timer", "utils.timed")
def a_block_is_timed() -> None:
    """The measured time is not less than the elapsed time."""
    from ai_voice_shared.utils import Timer, timed

    reported: list[Any] = []
    began = time.perf_counter()
    timed("work", report=reported.append)(lambda: sum(range(1000)))()
    with Timer("block") as timer:
        sum(range(1000))
    whole = (time.perf_counter() - began) * 1000
    assert 0 < reported[0].elapsed_ms + timer.elapsed_ms <= whole
