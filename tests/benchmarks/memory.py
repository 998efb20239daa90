"""The peak memory of a process that streams a gigabyte into S3 with the built layer."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.packages import layer_folder, runtime_folder
from tests.benchmarks.rows import Note, Row
from tests.benchmarks.runtime import Function
from tests.support.faulty_s3 import BUCKET, FaultyS3

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["run"]

MEBIBYTES = 1024
QUICK_MEBIBYTES = 128

_PROGRAM = """
import json, re, sys
from ai_voice_shared import S3Service

mebibytes = int(sys.argv[1])
chunk = bytes(65536)
stored = S3Service().upload_stream("notes/long.ogg", (chunk for _ in range(mebibytes * 16)), max_bytes=mebibytes << 20)
# Not getrusage: on Linux a child process inherits its peak from the parent.
with open("/proc/self/status") as status:
    peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1]) * 1024
print(json.dumps({"size": stored.size, "peak": peak}))
"""


def run(*, quick: bool, note: Note) -> list[Row]:
    """Measure the peak memory, with the S3 server in a separate process."""
    if sys.platform != "linux":
        note("memory was not measured: the peak is read from /proc")
        return []
    mebibytes = QUICK_MEBIBYTES if quick else MEBIBYTES
    parent, child = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(child,), daemon=True)
    server.start()
    try:
        environment = {"AWS_ENDPOINT_URL": parent.recv(), "S3_BUCKET_NAME": BUCKET}
        layer = [layer_folder() / "python", runtime_folder()]
        function = Function("stream", Path(__file__).parent, layer, environment)
        done = subprocess.run(
            [str(Path(sys.base_prefix) / "bin" / "python3"), "-S", "-s", "-c", _PROGRAM, str(mebibytes)],
            env=function.variables("127.0.0.1:1"),
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        parent.send("stop")
        server.join(10)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    found = json.loads(done.stdout)
    if found["size"] != mebibytes << 20:
        msg = f"{found['size']} bytes arrived of {mebibytes} MiB"
        raise RuntimeError(msg)
    return [Row(f"peak memory of a stream of {mebibytes} MiB into S3", "MB", found["peak"] / 1e6, ceiling=64)]


def _serve(pipe: Connection) -> None:
    with FaultyS3(keep=False) as server:
        pipe.send(server.url)
        pipe.recv()
