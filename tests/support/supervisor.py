"""Run a program and end it, with all its children, when whoever started this goes away.

Called with a folder and the program's command line, and with a pipe as standard input that the owner keeps open:
when the owner ends, however it ends (SIGKILL too), the pipe closes, the whole process group is ended and the folder
is removed. Run as a file; needs nothing but Python.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading

__all__ = ["main"]

_GRACE_SECONDS = 3.0


def main(folder: str, command: list[str]) -> None:
    """Run `command` in this process group until it ends or standard input closes.

    Without its owner nobody reads `folder` any more, so it is removed then.
    """
    stopping, owner_is_gone = threading.Event(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def watch_owner() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        owner_is_gone.set()
        stopping.set()

    def watch_program() -> None:
        program.wait()
        stopping.set()

    for watch in (watch_owner, watch_program):
        threading.Thread(target=watch, daemon=True).start()
    # On the main thread a wait without end is not interrupted by a signal on every platform; a second is.
    while not stopping.wait(1.0):
        pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(0, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        program.wait(_GRACE_SECONDS)
    if owner_is_gone.is_set():
        shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
