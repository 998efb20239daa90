"""Memory usage of voice notes that are streamed from Twilio to S3, measured in a separate process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ai_voice_shared.testing.twilio import ACCOUNT_SID, AUTH_TOKEN
from tests.support.faulty_s3 import BUCKET, FaultyS3

if TYPE_CHECKING:
    from .conftest import MediaServers

pytestmark = pytest.mark.unit

NOTES = 25
SIZE = 16 << 20

_PROGRAM = """
import json, re, sys, threading
from concurrent.futures import ThreadPoolExecutor
from ai_voice_shared import S3Service, TwilioService
from ai_voice_shared.models import MediaItem

items = [MediaItem(*fields) for fields in json.load(sys.stdin)]
twilio, s3 = TwilioService(), S3Service()
start = threading.Barrier(len(items))

def store(item):
    start.wait()
    return twilio.store_media(item, f"notes/{item.sid}.ogg", s3.upload_stream).size

with ThreadPoolExecutor(len(items)) as pool:
    sizes = list(pool.map(store, items))
# Not getrusage: on Linux its peak is inherited from the parent process.
with open("/proc/self/status") as status:
    peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1]) * 1024
print(json.dumps({"sizes": sizes, "peak": peak}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_twenty_five_notes_at_once_fit_into_a_small_function(servers: MediaServers) -> None:
    """25 notes of 16 MiB are stored concurrently within 256 MB of resident memory."""
    servers.cdn = [(200, {}, b"OggS" + bytes(SIZE - 4))]
    items = [servers.item() for _ in range(NOTES)]
    with FaultyS3(keep=False) as server:
        env = os.environ | {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_ENDPOINT_URL": server.url,
            "AWS_REGION": "eu-central-1",
            "S3_BUCKET_NAME": BUCKET,
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKENS": AUTH_TOKEN,
            "TWILIO_API_BASE_URL": servers.api_url,
            "TWILIO_CDN_HOSTS": "localhost",
            # Two processes share the machine's cores with other programs.
            "TWILIO_MEDIA_TIMEOUT": "100",
            "TWILIO_MEDIA_READ_TIMEOUT": "60",
            "S3_READ_TIMEOUT": "60",
        }
        ran = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            env=env,
            input=json.dumps(items),
            capture_output=True,
            check=False,
            text=True,
            timeout=120,
        )
        stored = sum(1 for key in server.objects if key.startswith("notes/"))
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["sizes"] == [SIZE] * NOTES
    assert stored == NOTES
    assert found["peak"] < 256_000_000
