"""The pytest plugin, in separate test runs."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import entry_points, requires

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.unit


def run_tests(pytester: pytest.Pytester, source: str, tests: int = 1) -> None:
    """Run tests in a separate process, with warnings as errors, and check that all of them pass."""
    pytester.makepyfile(source)
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "error")
    result.assert_outcomes(passed=tests)


def test_the_extra_installs_it_as_a_plugin() -> None:
    """The plugin is found by its entry point, and the extra installs what the fixtures need."""
    (plugin,) = [entry for entry in entry_points(group="pytest11") if entry.name == "ai_voice_shared"]
    assert plugin.value == "ai_voice_shared.testing.plugin"
    extra = [line for line in requires("ai-voice-shared") or [] if "extra == 'testing'" in line.replace('"', "'")]
    assert {re.split(r"[\[>=<;]", line)[0] for line in extra} >= {"pytest", "moto", "anyio"}


def test_loading_the_plugin_imports_no_heavy_package() -> None:
    """A test run that does not use the plugin imports four small modules only."""
    script = (
        "import sys, pytest; before = set(sys.modules); import ai_voice_shared.testing.plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.split() == [
        "ai_voice_shared",
        "ai_voice_shared._lazy",
        "ai_voice_shared.testing",
        "ai_voice_shared.testing.plugin",
    ]


def test_a_handler_with_context_and_logs(pytester: pytest.Pytester) -> None:
    """The lines of a handler are captured, whether its Logger is created at import or during the test."""
    pytester.makepyfile(
        handler="""
        from ai_voice_shared import get_logger

        logger = get_logger("early")

        @logger.inject_lambda_context
        def handler(event, context):
            logger.info("handled")
            get_logger("late").info("created late")
        """
    )
    run_tests(
        pytester,
        """
        import handler

        def test_lines(lambda_context, lambda_logs):
            handler.handler({}, lambda_context)
            (line,) = lambda_logs.named("handled")
            assert line["service"] == "early"
            assert line["function_request_id"] == lambda_context.aws_request_id
            assert lambda_logs.named("created late")[0]["service"] == "late"

        def test_each_test_has_its_own(lambda_logs, lambda_context, capsys):
            assert lambda_logs.lines == []
            handler.handler({}, lambda_context)
            assert len(lambda_logs.lines) == 2
            lambda_logs.clear()
            assert lambda_logs.lines == []

        def test_without_the_fixture(lambda_context):
            handler.handler({}, lambda_context)
        """,
        tests=3,
    )


def test_the_remaining_time(pytester: pytest.Pytester) -> None:
    """The context has a clock that determines the remaining time and a deadline."""
    run_tests(
        pytester,
        """
        from ai_voice_shared import Deadline
        from ai_voice_shared.testing.context import FakeLambdaContext

        def test_deadline(lambda_context):
            assert 0 < Deadline.from_context(lambda_context).remaining() <= 29.5
            now = [0.0]
            context = FakeLambdaContext(remaining_seconds=2, clock=lambda: now[0])
            assert context.get_remaining_time_in_millis() == 2000
            now[0] = 5.0
            assert context.get_remaining_time_in_millis() == 0
        """,
    )


def test_the_aws_configuration_is_isolated(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's profiles, endpoints and credentials are hidden during a test and restored after it."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://production.invalid")
    run_tests(
        pytester,
        """
        import os
        import boto3
        from ai_voice_shared.aws import aws_client

        def test_environment(aws_environment):
            assert "AWS_PROFILE" not in os.environ
            assert boto3.client("s3").meta.region_name == aws_environment
            assert boto3.Session().get_credentials().access_key == "testing"

        def test_in_memory(aws_mock):
            client = aws_client("dynamodb")
            client.put_item
            boto3.client("s3").create_bucket(
                Bucket="notes", CreateBucketConfiguration={"LocationConstraint": aws_mock}
            )
            assert [b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"]] == ["notes"]

        def test_afterwards():
            assert os.environ["AWS_PROFILE"] == "production"
        """,
        tests=3,
    )


def test_customers(pytester: pytest.Pytester) -> None:
    """Both clients find customers that were added and no others, and fail in an outage."""
    run_tests(
        pytester,
        """
        import pytest
        from ai_voice_shared.errors import CustomerLookupUnavailableError

        def test_lookup(customer_lookup):
            customer_lookup.add("US.1234ABC", customer_id="cust-7")
            client = customer_lookup.client
            assert client.fetch_customer_metadata(external_user_id="US.1234ABC").customer_id == "cust-7"
            assert client.fetch_customer_metadata(phone_number="+61400000001") is None
            assert len(customer_lookup.requests) == 2
            customer_lookup.fail()
            with pytest.raises(CustomerLookupUnavailableError):
                customer_lookup.client.fetch_customer_metadata(external_user_id="US.1234ABC")
            customer_lookup.recover()
            assert customer_lookup.client.fetch_customer_metadata(external_user_id="US.1234ABC")

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio"])
        async def test_async(customer_lookup):
            customer_lookup.add("+61400000000")
            found = await customer_lookup.async_client.fetch_customer_metadata(phone_number="+61400000000")
            assert found.customer_id == "cust-001"
        """,
        tests=2,
    )


def test_webhooks(pytester: pytest.Pytester) -> None:
    """Webhooks are signed for every event source, and a forged one is rejected."""
    run_tests(
        pytester,
        """
        import pytest
        from ai_voice_shared.errors import InvalidSignatureError
        from ai_voice_shared.testing.twilio import SHAPES

        @pytest.mark.parametrize("shape", SHAPES)
        def test_webhook(twilio_webhooks, shape):
            event = twilio_webhooks.voice_note(shape=shape, From="whatsapp:US.1234ABC")
            payload = twilio_webhooks.service.receive_message(event)
            assert payload.media[0].content_type == "audio/ogg"

        def test_status(twilio_webhooks):
            assert twilio_webhooks.service.receive_status(twilio_webhooks.status("read")).message_status == "read"

        def test_forged(twilio_webhooks):
            with pytest.raises(InvalidSignatureError):
                twilio_webhooks.service.receive_message(twilio_webhooks.forged(Body="hello"))
        """,
        tests=7,
    )


def test_voice_notes(pytester: pytest.Pytester) -> None:
    """Voice notes are downloaded from memory by the rules of the real download, and outages are simulated."""
    run_tests(
        pytester,
        """
        import pytest
        from ai_voice_shared.errors import MediaNotFoundError, MediaTooLargeError, MediaTypeError, MediaUnavailableError

        def download(webhooks, event):
            (note,) = webhooks.service.receive_message(event).media
            return b"".join(webhooks.service.iter_media(note))

        def test_found(twilio_webhooks):
            content = b"OggS" + bytes(100_000)
            assert download(twilio_webhooks, twilio_webhooks.voice_note(content=content)) == content
            assert len(twilio_webhooks.media.requests) == 1

        @pytest.mark.parametrize(
            ("content", "error"), [(b"not audio", MediaTypeError), (b"OggS" + bytes(17 << 20), MediaTooLargeError)]
        )
        def test_rejected(twilio_webhooks, content, error):
            with pytest.raises(error):
                download(twilio_webhooks, twilio_webhooks.voice_note(content=content))

        def test_gone(twilio_webhooks):
            event = twilio_webhooks.voice_note()
            twilio_webhooks.media.files.clear()
            with pytest.raises(MediaNotFoundError):
                download(twilio_webhooks, event)
            assert len(twilio_webhooks.media.requests) == 3

        def test_outage(twilio_webhooks):
            event = twilio_webhooks.voice_note()
            twilio_webhooks.media.fail()
            with pytest.raises(MediaUnavailableError):
                download(twilio_webhooks, event)
            twilio_webhooks.media.recover()
            assert download(twilio_webhooks, event).startswith(b"OggS")
        """,
        tests=5,
    )


def test_once(pytester: pytest.Pytester) -> None:
    """The table of `handle_once` is empty for each test."""
    run_tests(
        pytester,
        """
        import pytest
        from ai_voice_shared import handle_once

        @pytest.mark.parametrize("number", [1, 2])
        def test_message(twilio_webhooks, idempotency_table, lambda_context, number):
            event = twilio_webhooks.message(MessageSid="SM" + 32 * "0")
            message, done = twilio_webhooks.service.receive_message(event), []
            for _ in range(3):
                assert handle_once(message, lambda: done.append(1) or "done", context=lambda_context) == "done"
            assert done == [1]
        """,
        tests=2,
    )


def test_s3_and_traces(pytester: pytest.Pytester) -> None:
    """An in-memory bucket works, and its operations open spans."""
    run_tests(
        pytester,
        """
        from ai_voice_shared import get_tracer

        def test_store(s3_service, traces):
            s3_service.upload_bytes("a.txt", b"hello")
            assert s3_service.download_bytes("a.txt") == b"hello"
            assert traces.spans and all(span.ended for span in traces.spans)

        def test_each_test_has_its_own(s3_service, traces):
            assert traces.spans == []
            assert get_tracer() is traces

        def test_without_the_fixture():
            assert type(get_tracer()).__name__ == "XRayTracer"
        """,
        tests=3,
    )


def test_the_bucket_exists_in_moto_only(pytester: pytest.Pytester) -> None:
    """The function's own clients find the bucket; without moto it is not created, so never in a real account."""
    run_tests(
        pytester,
        """
        import boto3
        import pytest
        from ai_voice_shared import S3Service
        from ai_voice_shared.testing.s3 import InMemoryS3Service

        def test_own_clients(s3_service):
            s3_service.upload_bytes("a.txt", b"hello", if_none_match="*")
            own = S3Service(bucket_name=s3_service.bucket_name)
            assert own.download_bytes("a.txt") == b"hello"
            assert boto3.client("s3").head_object(Bucket=own.bucket_name, Key="a.txt")["ContentLength"] == 5

        def test_each_test_has_its_own(s3_service):
            assert list(s3_service.iter_objects()) == []

        def test_moto_is_not_active(monkeypatch):
            with pytest.raises(RuntimeError, match="aws_mock"):
                InMemoryS3Service()

        """,
        tests=3,
    )


def test_a_client_created_before_moto_does_not_use_the_network(pytester: pytest.Pytester) -> None:
    """The process's client uses moto even if it was created before moto was imported."""
    run_tests(
        pytester,
        """
        import sys
        from ai_voice_shared import S3Service
        from ai_voice_shared.testing.s3 import InMemoryS3Service

        def test_early_client(aws_environment):
            early = S3Service(bucket_name="other")
            early.client
            assert "moto" not in sys.modules
            from moto import mock_aws

            with mock_aws():
                service = InMemoryS3Service("other")
                assert service.client is early.client
                assert service.upload_bytes("a.txt", b"hello").size == 5
        """,
    )


def test_segments_of_x_ray(pytester: pytest.Pytester) -> None:
    """The collector receives the segments that the X-Ray SDK sends."""
    run_tests(
        pytester,
        """
        from aws_xray_sdk.core import xray_recorder
        from ai_voice_shared import get_tracer

        def test_segments(xray_collector):
            xray_recorder.configure(sampling=False)
            with xray_recorder.in_segment("service"), get_tracer().span("## work"):
                pass
            assert xray_collector.wait_for(lambda segments: bool(segments))
            (tree,) = next(iter(xray_collector.traces().values()))
            assert [node.name for node in tree.walk()] == ["service", "## work"]
        """,
    )
