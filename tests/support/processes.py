"""Programs that the tests start, each in a process group of its own that is terminated as a whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

__all__ = ["ROOT", "ProgramError", "end_group", "exit_on_signals", "find_uv", "process_of_port", "run"]

ROOT = Path(__file__).resolve().parents[2]
"""The project's folder."""

_SHOWN_LINES = 40
_GRACE_SECONDS = 5.0


class ProgramError(RuntimeError):
    """A program exited with a non-zero status; the message has its last lines."""


def find_uv() -> str:
    """Return the path of uv, on PATH or installed into the project by ``build.sh``."""
    own = ROOT / ".uv" / "bin" / "uv"
    found = shutil.which("uv") or (str(own) if own.is_file() else None)
    if found is None:
        msg = "uv is not on PATH and not in .uv/bin; ./build.sh installs it there"
        raise ProgramError(msg)
    return found


def end_group(process: subprocess.Popen[str] | subprocess.Popen[bytes], grace: float = _GRACE_SECONDS) -> None:
    """Terminate the process group that a process leads, and kill it if that has no effect."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=grace)
    # The leader may have exited while a child ignores SIGTERM; the group id exists as long as a member does.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run(command: Sequence[str], *, env: Mapping[str, str], cwd: Path = ROOT, timeout: float = 600, what: str) -> str:
    """Run a program to its end and return its output.

    Parameters
    ----------
    command, env, cwd
        As for `subprocess.Popen`.
    timeout
        The time limit in seconds.
    what
        The purpose of the step, for the error message.

    Raises
    ------
    ProgramError
        If the program fails or takes too long. Its last lines are part of the message.
    """
    process = subprocess.Popen(
        list(command),
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        end_group(process)
        msg = f"{what} took more than {timeout:.0f} s: {' '.join(command)}"
        raise ProgramError(msg) from error
    except BaseException:
        end_group(process)
        raise
    finally:
        if process.stdout is not None:
            process.stdout.close()
    if process.returncode:
        tail = "\n".join(output.splitlines()[-_SHOWN_LINES:])
        msg = f"{what} failed with status {process.returncode}: {' '.join(command)}\n{tail}"
        raise ProgramError(msg)
    return output


def process_of_port(port: int) -> int:
    """Return the id of the process on this machine that has a TCP connection from a port (Linux only)."""
    entries = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    inodes = {f"socket:[{entry[9]}]" for entry in entries if int(entry[1].partition(":")[2], 16) == port}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):  # it has exited meanwhile, or belongs to another user
            if str(link.readlink()) in inodes:
                return int(link.parts[2])
    msg = f"no process has a connection from port {port}"
    raise ProcessLookupError(msg)


@contextlib.contextmanager
def exit_on_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into `KeyboardInterrupt`, so that every ``with`` block cleans up.

    Not into `SystemExit`, which pytest counts as one failed test before it continues. Outside the main thread this has
    no effect.
    """

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before: dict[signal.Signals, Any] = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        with contextlib.suppress(ValueError):  # not the main thread
            before[number] = signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
