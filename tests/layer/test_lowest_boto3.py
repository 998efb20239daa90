"""The layer on the lowest supported boto3, which an old runtime may have."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from layer.botocore_data import lowest_botocore
from layer.tools import PROJECT, run, uv
from tests.layer.conftest import run_python
from tests.support.local_aws import LocalAWS

pytestmark = pytest.mark.layer

EXERCISE = """
import io
import boto3, botocore
from ai_voice_shared import S3Service
from ai_voice_shared.aws import OPERATIONS, aws_client
from ai_voice_shared.errors import S3ObjectNotFoundError, S3PreconditionFailedError

print(boto3.__version__, botocore.__version__)
region = boto3.session.Session().region_name
boto3.client("s3").create_bucket(Bucket="notes", CreateBucketConfiguration={"LocationConstraint": region})
s3 = S3Service(bucket_name="notes")

written = s3.upload_bytes("a", b"one", if_none_match="*", metadata={"by": "Zo\\u00eb"})
try:
    s3.upload_bytes("a", b"two", if_none_match="*")
except S3PreconditionFailedError:
    print("taken")
s3.upload_bytes("a", b"three", if_match=written.etag)
s3.upload_fileobj("b", io.BytesIO(b"from a file"))
# Neither the emulator nor such a boto3 supports the checksum of a whole multipart object.
s3.upload_stream("c", (bytes(1 << 20) for _ in range(20)), checksum_algorithm="CRC32")
print(s3.download_bytes("a"), s3.open("b").read(), sum(map(len, s3.iter_chunks("c"))))
print(s3.head_object("a").size, [entry.key for entry in s3.iter_objects()], s3.copy_object("b", "d").key)
for made in (
    s3.presign_get("a"),
    s3.presign_put("e", content_type="audio/ogg"),
    s3.presign_post("f", content_type="audio/ogg", max_bytes=1 << 20),
):
    assert made.url.startswith("http"), made
s3.delete_objects(["a", "b", "c", "d"])
try:
    s3.download_bytes("a")
except S3ObjectNotFoundError:
    print("gone")
for service, operations in OPERATIONS.items():
    known = aws_client(service).meta.method_to_api_mapping.values()
    assert set(operations) <= set(known), service
cloudwatch = aws_client("cloudwatch")
cloudwatch.put_metric_data(Namespace="notes", MetricData=[{"MetricName": "stored", "Value": 3.0}])
assert cloudwatch.can_paginate("get_metric_data") and aws_client("logs").can_paginate("filter_log_events")
print([metric["MetricName"] for metric in cloudwatch.list_metrics(Namespace="notes")["Metrics"]])
"""


@pytest.mark.parametrize("with_layer", [True, False], ids=["the layer", "an installed package"])
def test_the_lowest_boto3_is_enough(with_layer: bool, opt: Path, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter of the test
    """With the lowest boto3, S3 is written, read, listed, presigned and emptied, and every client can be created.

    Without the layer's data, botocore's own is used, which is as old as botocore.
    """
    lowest = lowest_botocore()
    pinned = [f"boto3=={lowest}", f"botocore=={lowest}"]
    run([uv(), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(tmp_path / "old"), *pinned])
    paths = [tmp_path / "old", opt / "python"] if with_layer else [tmp_path / "old", PROJECT / "src", opt / "python"]
    with LocalAWS() as aws:
        variables = {name: value for name, value in aws.environment().items() if name.startswith("AWS_")}
        printed = run_python(str(Path(sys.base_prefix) / "bin" / "python3"), paths, EXERCISE, **variables)
    assert printed.splitlines() == [
        f"{lowest} {lowest}",
        "taken",
        f"b'three' b'from a file' {20 << 20}",
        "5 ['a', 'b', 'c'] d",
        "gone",
        "['stored']",
    ]
