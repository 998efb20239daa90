"""AWS clients made from the layer's part of botocore's data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import botocore
import botocore.session
import pytest
from botocore.config import Config
from botocore.loaders import Loader
from moto import mock_aws

from ai_voice_shared.aws import clients as aws
from ai_voice_shared.aws import data
from layer.botocore_data import write_botocore_data

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit


def full_client(service: str, region: str, **config: Any) -> Any:
    """Create a client from botocore's whole data."""
    session: Any = botocore.session.Session()
    return session.create_client(service, region_name=region, config=Config(**config))


@pytest.fixture(scope="module")
def light_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the data that the layer ships."""
    into = tmp_path_factory.mktemp("botocore") / "data"
    write_botocore_data(Path(botocore.__file__).with_name("data"), into, aws.OPERATIONS)
    return into


@pytest.fixture
def _light(light_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]:
        monkeypatch.delenv(name)
    aws.clear_clients()
    monkeypatch.setattr(data, "_DATA", str(light_data))
    yield
    aws.clear_clients()


@pytest.mark.usefixtures("_light")
@pytest.mark.parametrize("service", sorted(aws.OPERATIONS))
def test_a_light_client_has_exactly_the_operations_that_are_listed(service: str) -> None:
    """The trimmed model makes a client with these operations and the full model's shapes for each of them."""
    light = aws.aws_client(service, region_name="us-east-1")
    # Presigning a POST looks at CreateBucket, which is not called.
    assert set(light.meta.service_model.operation_names) - {"CreateBucket"} == set(aws.OPERATIONS[service])
    full = full_client(service, "us-east-1")
    for operation in aws.OPERATIONS[service]:
        for side in ("input_shape", "output_shape"):
            trimmed = getattr(light.meta.service_model.operation_model(operation), side)
            whole = getattr(full.meta.service_model.operation_model(operation), side)
            assert (trimmed and sorted(trimmed.members)) == (whole and sorted(whole.members))


@pytest.mark.usefixtures("_light")
@pytest.mark.parametrize("service", sorted(aws.OPERATIONS))
@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-2", "cn-north-1", "us-gov-west-1"])
def test_a_light_client_asks_the_same_endpoint(service: str, region: str) -> None:
    """The trimmed endpoint data gives the same host as botocore's own, in every partition."""
    light = aws.aws_client(service, region_name=region)
    assert light.meta.endpoint_url == full_client(service, region).meta.endpoint_url


@pytest.mark.usefixtures("_light")
def test_presigned_urls_are_those_of_boto3() -> None:
    """The endpoint rules and the signature come out as with the full data."""
    config: dict[str, Any] = {"signature_version": "s3v4", "s3": {"addressing_style": "virtual"}}
    light = aws.aws_client("s3", region_name="ap-southeast-2", **config)
    full = full_client("s3", "ap-southeast-2", **config)
    urls = [
        client.generate_presigned_url("get_object", Params={"Bucket": "notes", "Key": "a b.ogg"}).split("X-Amz-Date")[0]
        for client in (light, full)
    ]
    assert urls[0] == urls[1]


@mock_aws
@pytest.mark.usefixtures("_light")
def test_a_light_client_works() -> None:
    """An object goes to S3 and comes back."""
    client = aws.aws_client("s3", region_name="us-east-1")
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="notes")
    client.put_object(Bucket="notes", Key="a", Body=b"audio")
    assert client.get_object(Bucket="notes", Key="a")["Body"].read() == b"audio"


@pytest.mark.usefixtures("_light")
def test_another_service_uses_botocore_s_full_data() -> None:
    """A service that the layer ships no data for works all the same."""
    assert "AssumeRole" in aws.aws_client("sts", region_name="us-east-1").meta.service_model.operation_names


@pytest.mark.usefixtures("_light")
def test_the_same_arguments_give_the_same_client() -> None:
    """One client per process and configuration, which stays usable when its connections are closed."""
    first = aws.aws_client("s3", region_name="us-east-1", read_timeout=5)
    aws.close_connections()
    assert aws.aws_client("s3", region_name="us-east-1", read_timeout=5) is first
    assert aws.aws_client("s3", region_name="us-east-1", read_timeout=6) is not first


def test_an_unknown_operation_fails_the_build(tmp_path: Path) -> None:
    """A typing error in the table is found when the layer is built."""
    with pytest.raises(KeyError, match="PutObjekt"):
        write_botocore_data(Path(botocore.__file__).with_name("data"), tmp_path, {"s3": ["PutObjekt"]})


def test_the_loader_s_interface_is_the_public_one() -> None:
    """`data_loader` is a component that botocore lets its users register."""
    session = botocore.session.Session()
    loader = Loader()
    session.register_component("data_loader", loader)
    assert session.get_component("data_loader") is loader
