"""The layer on the boto3 of other runtimes: the lowest that the package supports, the newest, and one of the future."""

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
        ours = aws_client(service, region_name=region)
        theirs = botocore.session.Session().create_client(service, region_name=region)
        found[f"{service} {region}"] = [
            ours.meta.endpoint_url == theirs.meta.endpoint_url,
            len(ours.meta.service_model.operation_names) < len(theirs.meta.service_model.operation_names),
        ]
url = S3Service(bucket_name="notes").presign_get("k").url
print(json.dumps({"botocore": botocore.__version__, "url": url, "clients": found, "warnings": warnings}))
"""
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}


class Survey(NamedTuple):
    """What clients came out: all from the layer's data, or all from botocore's own, and what was logged."""

    botocore: str
    warnings: list[str]
    trimmed: bool
    full: bool


def install(folder: Path, requirements: Sequence[str]) -> Path:
    """Install a boto3 into a folder of its own."""
    run([uv(), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(folder), *requirements])
    return folder


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the newest boto3 that there is."""
    return install(tmp_path_factory.mktemp("newest"), ["boto3"])


def survey(paths: list[Path]) -> Survey:
    """Return what clients come out with these folders, and what was logged."""
    found = json.loads(run_python(PYTHON, paths, SURVEY, **CREDENTIALS))
    assert found["url"].startswith("https://notes.s3.us-east-1.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256")
    # Whatever data they were made from.
    assert all(same_endpoint for same_endpoint, _ in found["clients"].values())
    trimmed = {is_trimmed for _, is_trimmed in found["clients"].values()}
    return Survey(found["botocore"], found["warnings"], trimmed == {True}, trimmed == {False})


def test_the_lowest_botocore_reads_the_layer_s_data(opt: Path, tmp_path: Path) -> None:
    """Every client has the endpoint that it has from botocore's own data, in every partition."""
    lowest = lowest_botocore()
    old = install(tmp_path, [f"boto3=={lowest}", f"botocore=={lowest}"])
    found = survey([old, opt / "python"])
    assert found == Survey(lowest, [], trimmed=True, full=False)


def test_the_locked_botocore_reads_the_layer_s_data(opt: Path, runtime: Path) -> None:
    """It is the one that the data was taken from."""
    found = survey([runtime, opt / "python"])
    assert (found.warnings, found.trimmed) == ([], True)


def test_the_newest_botocore_works(opt: Path, newest: Path) -> None:
    """With the layer's data where it is of the minor version that the data was taken from, else with its own."""
    found = survey([newest, opt / "python"])
    contents = json.loads((opt / "python/ai_voice_shared/_botocore_data/contents.json").read_text())
    if found.botocore.split(".")[:2] == contents["botocore"].split(".")[:2]:
        assert (found.warnings, found.trimmed) == ([], True)
    else:
        assert (len(found.warnings), found.full) == (1, True)


def test_a_botocore_whose_rules_have_another_name_uses_its_own_data(opt: Path, runtime: Path, tmp_path: Path) -> None:
    """As a later botocore may: the layer's data would make S3's URLs without their bucket."""
    later = tmp_path / "later"
    shutil.copytree(runtime, later)
    code = later / "botocore" / "client.py"
    code.write_text(code.read_text().replace("'endpoint-rule-set-1'", "'endpoint-rules-2'"))
    for rules in (later / "botocore" / "data").glob("*/*/endpoint-rule-set-1.json.gz"):
        rules.rename(rules.with_name("endpoint-rules-2.json.gz"))
    found = survey([later, opt / "python"])
    (warning,) = found.warnings
    assert "the layer's part of botocore's data is not used: botocore did not read" in warning
    assert found.full


def test_a_botocore_of_the_next_minor_version_uses_its_own_data(opt: Path, runtime: Path, tmp_path: Path) -> None:
    """Nobody has tried the layer's data with it."""
    later = tmp_path / "later"
    shutil.copytree(runtime, later)
    package = later / "botocore" / "__init__.py"
    package.write_text(package.read_text().replace("__version__ = '1.", "__version__ = '1.9"))
    found = survey([later, opt / "python"])
    (warning,) = found.warnings
    assert "it was taken from another version of botocore" in warning
    assert found.full
