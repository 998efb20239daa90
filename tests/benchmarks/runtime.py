"""Lambda's runtime client, run against a Runtime API of this process, in plain time or under callgrind.

The client (`awslambdaric`) is the one of the managed runtime; it polls this server for its next invocation as it polls
Lambda's (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). INIT ends with its first poll; the
first call ends with its first response.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ColdStart", "Function", "cold_start", "count_instructions"]

_PREFIX = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Function:
    """A function as Lambda would run it.

    Parameters
    ----------
    name
        Its name in tables.
    task
        The folder of its code (`/var/task`).
    paths
        Further folders on `sys.path`: layers, then the runtime's own packages.
    environment
        Its environment variables.
    """

    name: str
    task: Path
    paths: Sequence[Path]
    environment: Mapping[str, str]
    handler: str = "app.handler"

    def variables(self, api: str) -> dict[str, str]:
        """Return the whole environment of the process."""
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": "/nonexistent",  # no ~/.aws, as in Lambda
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "PYTHONPATH": os.pathsep.join(str(path) for path in (self.task, *self.paths)),
            # /var/task and /opt are read-only: nothing compiled at run time is ever stored.
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "AWS_LAMBDA_RUNTIME_API": api,
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "AWS_SESSION_TOKEN": "token",
            "LAMBDA_TASK_ROOT": str(self.task),
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "_HANDLER": self.handler,
            **self.environment,
        }


@dataclass(frozen=True)
class ColdStart:
    """The result of a cold start: seconds, peak megabytes, the first response, and the output of the process."""

    init: float
    first_call: float
    response: Any
    printed: str
    peak_memory: float


class _RuntimeApi(ThreadingHTTPServer):
    """A Runtime API that serves one event and records the times of the poll and the response."""

    daemon_threads = True

    def __init__(self, event: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.event = json.dumps(event).encode()
        self.polls = 0
        self.first_poll = self.first_response = 0.0
        self.response: Any = None
        self.failure: str | None = None
        self.init_done = threading.Event()
        self.call_done = threading.Event()
        self.idle = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore errors when the client is terminated while it waits for its next invocation."""

    @property
    def api(self) -> str:
        """The value of `AWS_LAMBDA_RUNTIME_API`."""
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _RuntimeApi

    def do_GET(self) -> None:
        """Respond to a poll for the next invocation: the event once, then nothing."""
        self.server.polls += 1
        if self.server.polls == 1:
            self.server.first_poll = time.perf_counter()
            self.server.init_done.set()
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 900_000))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:f")
            self.send_header(
                "Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"
            )
            self.send_header("Content-Type", "application/json")  # awslambdaric crashes without it
            self.send_header("Content-Length", str(len(self.server.event)))
            self.end_headers()
            self.wfile.write(self.server.event)
        else:
            self.server.call_done.set()
            self.server.idle.wait()  # the client is terminated while it waits

    def do_POST(self) -> None:
        """Receive a response or an error."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.endswith("/response"):
            self.server.first_response = time.perf_counter()
            self.server.response = json.loads(body)
        else:
            self.server.failure = body.decode(errors="replace")
            self.server.init_done.set()
            self.server.call_done.set()
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Log nothing: only the function's own output matters."""


def cold_start(function: Function, event: Any, *, timeout: float = 60) -> ColdStart:
    """Start the function, send it one event, and return the durations of INIT and the first call.

    Raises
    ------
    RuntimeError
        The function failed; the message has its error and its output.
    """
    with _serving(event) as server, tempfile.TemporaryFile() as output:
        begin = time.perf_counter()
        process = _start(function, server.api, [], output)
        peak_memory = _finish(process, server, server.call_done, timeout, output)
        output.seek(0)
        printed = output.read().decode(errors="replace")
        first_call = server.first_response - server.first_poll
        return ColdStart(server.first_poll - begin, first_call, server.response, printed, peak_memory)


def count_instructions(function: Function, event: Any, *, init_only: bool = False, timeout: float = 900) -> int:
    """Count the instructions of INIT, or of INIT and the first call, by callgrind.

    Returns
    -------
    int
        Instructions of the whole process, the interpreter's start included.
    """
    with _serving(event) as server, tempfile.TemporaryFile() as output, tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "log"
        tool = ["valgrind", "--tool=callgrind", f"--log-file={log}", f"--callgrind-out-file={scratch}/out"]
        process = _start(function, server.api, tool, output)
        _finish(process, server, server.init_done if init_only else server.call_done, timeout, output)
        found = re.search(r"Collected : (\d+)", log.read_text(encoding="utf-8"))
        if found is None:
            msg = f"callgrind printed no count: {log.read_text(encoding='utf-8')[-2000:]}"
            raise RuntimeError(msg)
        return int(found.group(1))


class _serving:  # noqa: N801 - a context manager, used as a word
    def __init__(self, event: Any) -> None:
        self._server = _RuntimeApi(event)

    def __enter__(self) -> _RuntimeApi:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self._server

    def __exit__(self, *_: object) -> None:
        self._server.idle.set()
        self._server.shutdown()
        self._server.server_close()


def _start(function: Function, api: str, prefix: Sequence[str], output: Any) -> subprocess.Popen[bytes]:
    # The base interpreter without its site-packages, because the packages on this machine are not in Lambda.
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    return subprocess.Popen(
        [*prefix, str(python), "-S", "-s", "-m", "awslambdaric", function.handler],
        env=function.variables(api),
        cwd=function.task,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _finish(
    process: subprocess.Popen[bytes], server: _RuntimeApi, event: threading.Event, timeout: float, output: Any
) -> float:
    """Terminate the process once the event is set, and return its peak memory in megabytes."""
    deadline = time.monotonic() + timeout
    while not event.wait(0.05):
        if process.poll() is not None or time.monotonic() > deadline:
            break
    ended_by_itself = process.poll() is not None
    peak_memory = 0.0
    if not ended_by_itself:
        peak_memory = _peak_memory(process.pid)
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(30)
    if ended_by_itself or server.failure or not event.is_set():
        output.seek(0)
        printed = output.read()[-3000:].decode(errors="replace")
        msg = f"the function did not respond: {server.failure or 'no error was reported'}\n{printed}"
        raise RuntimeError(msg)
    return peak_memory


def _peak_memory(pid: int) -> float:
    # Not by getrusage: on Linux a child process inherits its peak from the parent.
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii")) if status.exists() else None
    return int(found[1]) * 1024 / 1e6 if found else 0.0
