"""The layer on the boto3 of other runtimes: the lowest supported, the newest, and a hypothetical later one."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from layer.botocore_data import lowest_botocore
from layer.tools import run, uv
from tests.layer.conftest import run_python

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.layer

PYTHON = str(Path(sys.base_prefix) / "bin" / "python3")
SURVEY = """
import json, logging
warnings = []
class Collect(logging.Handler):
    def emit(self, record):
        warnings.append(record.getMessage())
logging.getLogger("ai_voice_shared").addHandler(Collect())
import botocore
import botocore.session
from ai_voice_shared import S3Service
from ai_voice_shared.aws import OPERATIONS, aws_client
found = {}
for region in ("us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1"):
    for service in OPERATIONS:
        own = aws_client(service, region_name=region)
        plain = botocore.session.Session().create_client(service, region_name=region)
        found[f"{service} {region}"] = [
            own.meta.endpoint_url == plain.meta.endpoint_url,
            len(own.meta.service_model.operation_names) < len(plain.meta.service_model.operation_names),
        ]
url = S3Service(bucket_name="notes").presign_get("k").url
print(json.dumps({"botocore": botocore.__version__, "url": url, "clients": found, "warnings": warnings}))
"""
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}


class ClientReport(NamedTuple):
    """The clients created: all from the layer's data, or all from botocore's own, and the warnings logged."""

    botocore: str
    warnings: list[str]
    trimmed: bool
    full: bool


def install(folder: Path, requirements: Sequence[str]) -> Path:
    """Install a boto3 into a separate folder."""
    run([uv(), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(folder), *requirements])
    return folder


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the newest boto3."""
    return install(tmp_path_factory.mktemp("newest"), ["boto3"])


def create_clients(paths: list[Path]) -> ClientReport:
    """Create all clients with these folders on the path, and report them with the warnings logged."""
    found = json.loads(run_python(PYTHON, paths, SURVEY, **CREDENTIALS))
    assert found["url"].startswith("https://notes.s3.us-east-1.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256")
    # From whichever data they were created.
    assert all(same_endpoint for same_endpoint, _ in found["clients"].values())
    trimmed = {is_trimmed for _, is_trimmed in found["clients"].values()}
    return ClientReport(found["botocore"], found["warnings"], trimmed == {True}, trimmed == {False})


def test_the_lowest_botocore_reads_the_layer_s_data(opt: Path, tmp_path: Path) -> None:
    """With the lowest botocore every client has the endpoint of botocore's own data, in every partition."""
    lowest = lowest_botocore()
    old = install(tmp_path, [f"boto3=={lowest}", f"botocore=={lowest}"])
    found = create_clients([old, opt / "python"])
    assert found == ClientReport(lowest, [], trimmed=True, full=False)


def test_the_locked_botocore_reads_the_layer_s_data(opt: Path, runtime: Path) -> None:
    """The locked botocore uses the layer's data, which was taken from it."""
    found = create_clients([runtime, opt / "python"])
    assert (found.warnings, found.trimmed) == ([], True)


def test_the_newest_botocore_works(opt: Path, newest: Path) -> None:
    """The newest botocore uses the layer's data if it has the same minor version, else its own."""
    found = create_clients([newest, opt / "python"])
    contents = json.loads((opt / "python/ai_voice_shared/_botocore_data/contents.json").read_text())
    if found.botocore.split(".")[:2] == contents["botocore"].split(".")[:2]:
        assert (found.warnings, found.trimmed) == ([], True)
    else:
        assert (len(found.warnings), found.full) == (1, True)


def test_a_botocore_whose_rules_have_another_name_uses_its_own_data(opt: Path, runtime: Path, tmp_path: Path) -> None:
    """A botocore with renamed rule files uses its own data: the layer's would lose the bucket in S3's URLs."""
    later = tmp_path / "later"
    shutil.copytree(runtime, later)
    code = later / "botocore" / "client.py"
    code.write_text(code.read_text().replace("'endpoint-rule-set-1'", "'endpoint-rules-2'"))
    for rules in (later / "botocore" / "data").glob("*/*/endpoint-rule-set-1.json.gz"):
        rules.rename(rules.with_name("endpoint-rules-2.json.gz"))
    found = create_clients([later, opt / "python"])
    (warning,) = found.warnings
    assert "the layer's part of botocore's data is not used: botocore did not read" in warning
    assert found.full


def test_a_botocore_of_the_next_minor_version_uses_its_own_data(opt: Path, runtime: Path, tmp_path: Path) -> None:
    """A botocore of the next minor version, untested with the layer's data, uses its own."""
    later = tmp_path / "later"
    shutil.copytree(runtime, later)
    package = later / "botocore" / "__init__.py"
    package.write_text(package.read_text().replace("__version__ = '1.", "__version__ = '1.9"))
    found = create_clients([later, opt / "python"])
    (warning,) = found.warnings
    assert "it was taken from another version of botocore" in warning
    assert found.full
