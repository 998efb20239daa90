"""The layer's part of botocore's data is used where it gives what botocore's own gives, and nowhere else."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore
import pytest

from ai_voice_shared.aws import OPERATIONS, aws_client, clear_clients, data
from ai_voice_shared.testing.aws import isolate
from layer.botocore_data import lowest_botocore, write_botocore_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.unit

SERVICES = ("dynamodb", "s3")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Write the data of two services, as the layer has it, and let clients use it."""
    isolate(monkeypatch)
    for name in ("METRICS_NAMESPACE", "POWERTOOLS_METRICS_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)
    into = tmp_path / "data"
    own = Path(botocore.__file__).with_name("data")
    write_botocore_data(own, into, {name: OPERATIONS[name] for name in SERVICES})
    clear_clients()
    monkeypatch.setattr(data, "_DATA", str(into))
    yield into
    clear_clients()


def is_trimmed(client: Any) -> bool:
    """Return whether a client was created from the layer's data."""
    return len(client.meta.service_model.operation_names) < 40


def change(file: Path, change: Callable[[Any], Any]) -> None:
    """Write a file again, changed."""
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def fallbacks(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings of data that is not used."""
    return [record.getMessage() for record in caplog.records if record.name == data.__name__]


@pytest.mark.parametrize("service", SERVICES)
def test_data_that_fits_is_used(folder: Path, service: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is, without a word in the log."""
    assert is_trimmed(aws_client(service))
    assert is_trimmed(aws_client(service, read_timeout=5))
    assert fallbacks(caplog) == []


@pytest.mark.parametrize(
    ("service", "file"),
    [
        ("s3", "s3/2006-03-01/endpoint-rule-set-1"),
        ("s3", "s3/2006-03-01/service-2"),
        ("s3", "s3/2006-03-01/service-2.sdk-extras"),
        ("dynamodb", "dynamodb/2012-08-10/endpoint-rule-set-1"),
        ("dynamodb", "partitions"),
        ("dynamodb", "endpoints"),
    ],
)
def test_a_file_that_botocore_does_not_read_makes_the_data_unfit(
    folder: Path, service: str, file: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As where a later botocore looks for it under another name: its own data is used, and one warning says so."""
    (folder / f"{file}.json").rename(folder / f"{file}-renamed.json")
    caplog.set_level(logging.WARNING)
    for read_timeout in (4, 5):
        client = aws_client(service, s3={"addressing_style": "virtual"}, read_timeout=read_timeout)
        assert not is_trimmed(client)
        if service == "s3":
            url = client.generate_presigned_url("get_object", Params={"Bucket": "notes", "Key": "k"})
            assert url.startswith("https://notes.s3.eu-central-1.amazonaws.com/k?")
    (warning,) = fallbacks(caplog)
    assert "the layer's part of botocore's data is not used" in warning


def test_a_file_that_only_botocore_has_makes_the_data_unfit(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As where a later botocore reads one more file: what the layer lacks could change what is sent."""
    change(folder / data.CONTENTS, lambda contents: contents["services"]["s3"].pop())
    (folder / "s3/2006-03-01/service-2.sdk-extras.json").unlink()
    assert not is_trimmed(aws_client("s3"))
    assert "botocore looked for s3/2006-03-01/service-2.sdk-extras" in fallbacks(caplog)[0]


@pytest.mark.parametrize(
    "version", ["1.35.76", "1.44.0", "2.0.0"], ids=["older than supported", "a later minor", "a later major"]
)
def test_another_botocore_uses_its_own_data(
    folder: Path, version: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The data was not tested with that version."""
    change(folder / data.CONTENTS, lambda contents: contents.update(botocore="1.43.106", lowest="1.35.77"))
    monkeypatch.setattr(botocore, "__version__", version)
    assert not is_trimmed(aws_client("s3"))
    assert "another version of botocore" in fallbacks(caplog)[0]


@pytest.mark.parametrize("version", [lowest_botocore(), "1.43.0", "1.43.999"])
def test_a_botocore_in_the_range_uses_the_layer_s_data(
    folder: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the lowest that is supported to the minor version that the data was taken from."""
    change(folder / data.CONTENTS, lambda contents: contents.update(botocore="1.43.106"))
    monkeypatch.setattr(botocore, "__version__", version)
    assert is_trimmed(aws_client("s3"))


def test_an_endpoint_outside_of_the_region_makes_the_data_unfit(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where rules lead elsewhere than into the region, they are read wrongly."""

    def lead_elsewhere(endpoints: Any) -> None:
        dynamodb = endpoints["partitions"][0]["services"]["dynamodb"]
        dynamodb["endpoints"]["eu-central-1"] = {"hostname": "elsewhere.example.com"}

    change(folder / "endpoints.json", lead_elsewhere)
    client = aws_client("dynamodb")
    assert client.meta.endpoint_url == "https://dynamodb.eu-central-1.amazonaws.com"
    assert "the endpoint of dynamodb would be" in fallbacks(caplog)[0]


def test_a_url_without_its_bucket_makes_the_data_unfit(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """S3's URLs once had no bucket, without an error."""

    def lose_the_bucket(rules: Any) -> None:
        url = "https://s3.eu-central-1.amazonaws.com"
        rules["rules"] = [{"conditions": [], "type": "endpoint", "endpoint": {"url": url}}]

    change(folder / "s3/2006-03-01/endpoint-rule-set-1.json", lose_the_bucket)
    assert not is_trimmed(aws_client("s3"))
    assert "the URL of an S3 object would have no bucket" in fallbacks(caplog)[0]


def test_another_endpoint_than_aws_s_is_no_doubt(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It need not name the region."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:8000")
    assert is_trimmed(aws_client("dynamodb"))
    assert is_trimmed(aws_client("s3", endpoint_url="http://127.0.0.1:9000"))


def test_the_check_of_s3_needs_no_credentials(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It signs nothing, and leaves the client as it was."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    client = aws_client("s3")
    assert is_trimmed(client)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    clear_clients()
    url = aws_client("s3").generate_presigned_url("head_object", Params={"Bucket": "notes", "Key": "k"})
    assert "Signature=" in url


def test_a_mistake_of_the_caller_is_no_fault_of_the_data(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is raised as botocore raises it, and nothing is reported."""
    with pytest.raises(ValueError, match="Invalid endpoint"):
        aws_client("s3", endpoint_url="nowhere")
    assert fallbacks(caplog) == []


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({"POWERTOOLS_METRICS_NAMESPACE": "Notes"}, ("Notes", "service_undefined")),
        ({"METRICS_NAMESPACE": "Voice", "POWERTOOLS_SERVICE_NAME": "parser"}, ("Voice", "parser")),
        ({"METRICS_NAMESPACE": "Voice", "METRICS_PROVIDER": "datadog"}, None),
    ],
)
def test_a_metric_goes_where_the_function_s_metrics_go(
    folder: Path,
    variables: dict[str, str],
    expected: tuple[str, str] | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A function without metrics gets no line in its output."""
    for name in ("METRICS_SERVICE", "POWERTOOLS_SERVICE_NAME", "METRICS_PROVIDER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    change(folder / data.CONTENTS, lambda contents: contents.update(lowest="9.0.0"))
    for service in SERVICES:
        aws_client(service)
    printed = capsys.readouterr().out
    if expected is None:
        assert printed == ""
        return
    (line,) = map(json.loads, printed.splitlines())
    assert (line["_aws"]["CloudWatchMetrics"][0]["Namespace"], line["service"]) == expected
    assert line["BotocoreDataFallback"] == [1.0]
