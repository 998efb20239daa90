"""Lambda's runtime client under the runtime emulator that aws-sam-cli ships, the closest approximation of Lambda."""

from __future__ import annotations

import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Emulator", "running_function", "unavailable_reason"]

_INVOKE = "/2015-03-31/functions/function/invocations"


@dataclass(frozen=True)
class Emulator:
    """A function that waits for invocations.

    Parameters
    ----------
    url
        Its URL for invocations.
    log
        The file of its output and the emulator's.
    """

    url: str
    log: Path

    def invoke(self, event: Any, *, timeout: float = 60) -> Any:
        """Invoke the function and return its response."""
        response = httpx.post(self.url, json=event, timeout=timeout, trust_env=False)
        response.raise_for_status()
        return response.json()

    def log_text(self) -> str:
        """Return the output so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def init_milliseconds(self) -> float:
        """Return the emulator's measurement of INIT, which it reports at the first invocation.

        Not the `Init Duration` of its REPORT line, which excludes the runtime.
        """
        found = re.search(r"INIT REPORT\(durationMs: ([0-9.]+)\)", self.log_text())
        if found is None:
            msg = f"the emulator reported no INIT:\n{self.log_text()[-2000:]}"
            raise RuntimeError(msg)
        return float(found[1])


def unavailable_reason() -> str | None:
    """Return why the emulator cannot run here, or None if it can."""
    if not sys.platform.startswith("linux"):
        return "the runtime emulator is a Linux program"
    return None if _binary().exists() else "aws-sam-cli includes no runtime emulator for this machine"


@contextmanager
def running_function(
    handler: str, *, paths: Sequence[Path], environment: Mapping[str, str] | None = None, python: str | None = None
) -> Iterator[Emulator]:
    """Run a function for a block.

    Parameters
    ----------
    handler
        `"app.handler"`.
    paths
        `sys.path` as in Lambda: the function's folder, the layers, the runtime's packages with awslambdaric.
    environment
        The function's variables.
    python
        The interpreter; by default the base of this one, which has no packages of this project.
    """
    with tempfile.TemporaryDirectory(prefix="lambda-emulator-") as scratch:
        # sam ships it without the execute bit, and a checkout may be read-only.
        binary = Path(scratch) / "aws-lambda-rie"
        shutil.copyfile(_binary(), binary)
        binary.chmod(0o755)
        port, api_port = _free_ports(2)
        log = Path(scratch) / "log"
        interpreter = python or str(Path(sys.base_prefix) / "bin" / "python3")
        command = [str(binary), "--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
        command += [
            "--runtime-api-address",
            f"127.0.0.1:{api_port}",
            interpreter,
            "-S",
            "-s",
            "-m",
            "awslambdaric",
            handler,
        ]
        variables = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": scratch,
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LAMBDA_TASK_ROOT": str(paths[0]),
            "AWS_LAMBDA_FUNCTION_NAME": "function",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            **(environment or {}),
        }
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=paths[0],
                env=variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            _wait_for(port, process, log)
            yield Emulator(f"http://127.0.0.1:{port}{_INVOKE}", log)
        finally:
            # The group: the emulator does not always terminate the runtime client.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _binary() -> Path:
    import samcli

    machine = {"aarch64": "arm64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    return Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{machine}"


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    msg = f"the emulator did not start:\n{log.read_text(errors='replace')[-2000:]}"
    raise RuntimeError(msg)
