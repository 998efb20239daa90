"""Memory of streams, measure from outside in a separate process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.support.faulty_s3 import BUCKET, FaultyS3

pytestmark = pytest.mark.unit

_PROGRAM = """
import json, re, sys, threading
from pathlib import Path
from concurrent.futures import ThreadPoolExecutor
from ai_voice_shared.services.s3_service import S3Service

def peak():
    # Not ru_maxrss: a process inherits that of the one which started it.
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

streams, mebibytes = int(sys.argv[1]), int(sys.argv[2])
service = S3Service()
service.upload_bytes("warm", b"x")
before = peak()
start = threading.Barrier(streams)

def upload(number):
    start.wait()
    chunks = (bytes(65536) for _ in range(mebibytes * 16))
    return service.upload_stream(f"notes/{number}", chunks, max_bytes=mebibytes << 20).size

with ThreadPoolExecutor(streams) as pool:
    sizes = list(pool.map(upload, range(streams)))
after = peak()
print(json.dumps({"sizes": sizes, "before": before, "after": after}))
"""


def measure(streams: int, mebibytes: int) -> dict[str, int]:
    """Upload that many streams of that size at the same time, and return the process's peak before and after."""
    with FaultyS3(keep=False) as server:
        env = os.environ | {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_ENDPOINT_URL": server.url,
            "AWS_REGION": "eu-central-1",
            "S3_BUCKET_NAME": BUCKET,
        }
        ran = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(streams), str(mebibytes)],
            env=env,
            capture_output=True,
            check=True,
            text=True,
            timeout=120,
        )
        stored = sum(1 for key in server.objects if key.startswith("notes/"))
    found = json.loads(ran.stdout)
    assert found.pop("sizes") == [mebibytes << 20] * streams
    assert stored == streams
    return found  # type: ignore[no-any-return]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_stream_uses_the_same_memory_whatever_its_length() -> None:
    """A stream of a quarter of a gigabyte adds no more than a few parts to the process."""
    found = measure(streams=1, mebibytes=256)
    assert found["after"] - found["before"] < 24 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_twenty_five_notes_at_once_fit_into_a_small_function() -> None:
    """25 streams of 16 MiB stay within 256 MB of resident memory, interpreter and botocore included."""
    found = measure(streams=25, mebibytes=16)
    assert found["after"] < 256_000_000, found
