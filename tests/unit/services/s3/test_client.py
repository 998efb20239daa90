"""How the service creates its client, its spans and its log lines."""

from __future__ import annotations

import logging
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared.aws import clients as aws
from ai_voice_shared.errors import MissingSettingError, S3Error, S3NotFoundError, S3ObjectNotFoundError
from ai_voice_shared.observability.tracing import NOOP_SPAN
from ai_voice_shared.services.s3_service import S3Service
from ai_voice_shared.settings.s3 import S3Settings
from tests.support.faulty_s3 import BUCKET, FaultyS3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "S3_BUCKET_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(aws, "_clients", {})
    yield
    aws.close_connections()


def test_creating_a_service_imports_and_reads_nothing() -> None:
    """Creating a service loads no botocore, pydantic or settings; a missing setting is reported on first use."""
    program = (
        "import sys\n"
        "from ai_voice_shared.services.s3_service import S3Service\n"
        "S3Service()\n"
        "heavy = {'boto3', 'botocore', 'urllib3', 'pydantic', 'aws_xray_sdk', 'aws_lambda_powertools'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": "src"}, timeout=60)
    with pytest.raises(MissingSettingError, match="S3_BUCKET_NAME"):
        S3Service().upload_bytes("k", b"x")


def test_the_process_has_one_client() -> None:
    """Services with the same settings share one client, whatever their bucket."""
    first = S3Service(S3Settings(bucket_name="one-bucket", region="eu-central-1"))
    second = S3Service(S3Settings(bucket_name="another", region="eu-central-1"))
    assert first.client is second.client
    other = S3Service(S3Settings(bucket_name="another", region="eu-west-1"))
    assert other.client is not first.client


def test_the_client_is_configured_beyond_boto3_s_defaults() -> None:
    """The client uses SigV4, bucket names in the host, a time limit for each wait and standard retries."""
    service = S3Service(S3Settings(bucket_name="notes-1", region="us-east-1", max_attempts=3, read_timeout=7))
    config = service.client.meta.config
    assert config.signature_version == "s3v4"
    assert config.s3["addressing_style"] == "virtual"
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert (config.connect_timeout, config.read_timeout, config.tcp_keepalive) == (3.0, 7.0, True)
    assert service.client.meta.endpoint_url == "https://s3.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("endpoint", "style"),
    [
        ("http://127.0.0.1:4566", "path"),
        ("http://localhost:4566", "path"),
        ("http://[::1]:4566", "path"),
        ("https://s3.eu-central-1.amazonaws.com", "virtual"),
    ],
)
def test_an_endpoint_without_a_name_has_the_bucket_in_its_path(endpoint: str, style: str) -> None:
    """An endpoint that is a bare address gets the bucket in the path, as nothing can be put in front of an address."""
    service = S3Service(S3Settings(bucket_name="notes-1", region="us-east-1", endpoint_url=endpoint))
    assert service.client.meta.config.s3["addressing_style"] == style


@pytest.mark.parametrize("variable", ["S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
def test_the_endpoint_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """The endpoint is read from our variable and from boto3's own."""
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    service = S3Service(S3Settings(bucket_name="notes-1", region="us-east-1"))
    assert service.client.meta.endpoint_url == "http://127.0.0.1:1"


def test_settings_come_from_the_environment_on_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that is created at import reads its settings when it is used."""
    service = S3Service()
    monkeypatch.setenv("S3_BUCKET_NAME", "from-the-environment")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert service.bucket_name == "from-the-environment"
    assert service.settings.region == "eu-central-1"
    assert S3Service(bucket_name="another-one").bucket_name == "another-one"


def test_a_body_over_plain_http_is_signed(server: FaultyS3) -> None:
    """A body that TLS does not protect is signed by SHA-256; the CRC is sent either way."""
    settings = S3Settings(bucket_name=BUCKET, region="eu-central-1", endpoint_url=server.url)
    S3Service(settings).upload_bytes("k", b"hello")
    (headers,) = server.headers_of("PUT")
    assert headers["x-amz-checksum-crc32"] == "NhCmhg=="
    assert headers["x-amz-content-sha256"] == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


class _Recorder:
    """A tracer that records the names of its spans and the errors that left them."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, dict[str, Any]]] = []
        self.failed: list[BaseException] = []

    @contextmanager
    def span(self, name: str, /, **annotations: Any) -> Iterator[Any]:
        """Record a span."""
        self.spans.append((name, annotations))
        try:
            yield NOOP_SPAN
        except BaseException as error:
            self.failed.append(error)
            raise


def test_each_request_is_a_span(on_moto: S3Service) -> None:
    """Each request has a span with its operation and bucket; a failed one ends with the package's own error."""
    tracer = _Recorder()
    service = S3Service(on_moto.settings, client=on_moto.client, tracer=tracer)
    service.upload_bytes("k", b"x")
    service.delete_object("k")
    with pytest.raises(S3ObjectNotFoundError):
        service.download_bytes("k")
    assert [name for name, _ in tracer.spans] == ["## s3.PutObject", "## s3.DeleteObject", "## s3.GetObject"]
    assert all(annotations["bucket"] == on_moto.bucket_name for _, annotations in tracer.spans)
    assert [type(error) for error in tracer.failed] == [S3ObjectNotFoundError]


def test_lines_are_of_level_debug_and_name_bucket_and_key(on_moto: S3Service, caplog: pytest.LogCaptureFixture) -> None:
    """A successful call logs bucket and key, at a level that is off in production."""
    with caplog.at_level(logging.DEBUG, "ai_voice_shared"):
        on_moto.upload_bytes("k", b"x", metadata={"name": "Jane"})
    (record,) = (record for record in caplog.records if record.name.startswith("ai_voice_shared"))
    assert record.levelno == logging.DEBUG
    assert (vars(record)["bucket"], vars(record)["key"]) == (on_moto.bucket_name, "k")
    assert "Jane" not in str(vars(record))


def test_repr_names_the_bucket_only() -> None:
    """The repr has the bucket, and creates no client."""
    assert repr(S3Service(bucket_name="notes-1")) == "S3Service(notes-1)"
    assert repr(S3Service()) == "S3Service()"


OPERATIONS = ["PutObject", "CreateMultipartUpload", "GetObject", "DeleteObject"]
OPERATIONS += ["PresignGet", "PresignPut", "PresignPost"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_client_that_cannot_be_created_is_an_s3_error(monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    """A missing profile is reported as the failure of the operation that needed the client, presigning included."""
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setattr(aws, "_sessions", [])
    service = S3Service(S3Settings(bucket_name="notes-1", region="eu-central-1"))
    call: dict[str, Callable[[], object]] = {
        "PutObject": lambda: service.upload_bytes("k", b"x"),
        "GetObject": lambda: service.download_bytes("k"),
        "DeleteObject": lambda: service.delete_object("k"),
        "CreateMultipartUpload": lambda: service.upload_stream("k", [bytes(6 << 20)]),
        "PresignGet": lambda: service.presign_get("k"),
        "PresignPut": lambda: service.presign_put("k"),
        "PresignPost": lambda: service.presign_post("k", max_bytes=1),
    }
    with pytest.raises(S3Error) as caught:
        call[operation]()
    assert (caught.value.operation, caught.value.error_code) == (operation, "ProfileNotFound")


def test_a_missing_source_bucket_is_reported_by_its_own_name(on_moto: S3Service) -> None:
    """A copy from another bucket that does not exist names that bucket, not the one copied to."""
    with pytest.raises(S3NotFoundError) as caught:
        on_moto.copy_object("a", "b", source_bucket="exports")
    assert (caught.value.bucket, caught.value.key) == ("exports", "a")
