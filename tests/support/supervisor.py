"""Run a program, and terminate it with all its children when the owner exits.

Called with a folder and the program's command line, and with a pipe as standard input that the owner holds open: when
the owner exits in any way (SIGKILL too), the pipe closes, the whole process group is terminated and the folder is
removed. Run as a file; needs only Python.
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
    """Run `command` in this process group until it exits or standard input closes.

    Without its owner `folder` has no reader, so it is removed then.
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
    # On some platforms a signal does not interrupt an unlimited wait on the main thread; it does a wait of a second.
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
