"""A headless Chromium for the tests, driven over pipes by its DevTools protocol.

The calls are those of https://chromedevtools.github.io/devtools-protocol/. With `--remote-debugging-pipe` the browser
reads them from file descriptor 3 and responds on 4, each message terminated by a zero byte: no port is opened.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.processes import end_group

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Self

__all__ = ["BrowserError", "Chromium", "require_chromium"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_REQUIRED = "AI_VOICE_REQUIRE_CHROMIUM"
_SECONDS = 60.0

# Moves two open files to the descriptors that the browser uses, and executes the browser.
_LAUNCH = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)
_FREE = 10


class BrowserError(RuntimeError):
    """The browser refused a call, exited, or did not respond; the message says which."""


def require_chromium() -> str:
    """Return Chromium's path; skip the test if it is missing, or fail it if it is required.

    It is required when `CI` or `AI_VOICE_REQUIRE_CHROMIUM` is set.
    """
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is not None:
        return found
    reason = "chromium is not on PATH; it is Debian's package of that name"
    if variable := next((name for name in (_REQUIRED, "CI") if os.environ.get(name)), None):
        pytest.fail(f"{reason} ({variable} is set)", pytrace=False)
    pytest.skip(reason)


class Chromium:
    """A browser with one page, for a `with` block.

    Parameters
    ----------
    path
        The path of the program.

    Attributes
    ----------
    events
        The events of the page since it was opened: requests, console lines, exceptions.
    """

    def __init__(self, path: str) -> None:
        self.events: list[dict[str, Any]] = []
        self._path = path
        self._number = 0
        self._session: str | None = None
        self._unread = b""

    def __enter__(self) -> Self:
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        commands, self._commands = os.pipe()
        self._responses, responses = os.pipe()
        # Not 3 and 4 themselves.
        commands, responses = (_move(file) for file in (commands, responses))
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-c", _LAUNCH, str(commands), str(responses), self._path, *self._options()],
            pass_fds=(commands, responses),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "HOME": self._profile.name},
        )
        os.close(commands)
        os.close(responses)
        try:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Network", "Runtime", "Log"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        end_group(self._process)
        os.close(self._commands)
        os.close(self._responses)
        self._profile.cleanup()

    def call(self, method: str, /, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == self._number:
                break
            self.events.append(message)
        if "error" in message:
            raise BrowserError(f"{method}: {message['error']['message']}")
        result: dict[str, Any] = message["result"]
        return result

    def open(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def wait_for(self, method: str) -> dict[str, Any]:
        """Return an event, such as `"Page.loadEventFired"`; wait for it unless it has occurred."""
        for event in self.events:
            if event.get("method") == method:
                return event
        while True:
            event = self._next()
            self.events.append(event)
            if event.get("method") == method:
                return event

    def show(self, width: int, height: int = 900, **media: str) -> None:
        """Set the size of the window, and media features such as `prefers_color_scheme="dark"`."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
        self.call("Emulation.setEmulatedMedia", features=features)
        # Two frames: in one styles and observers see the change, in the next it is drawn.
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression in the page, awaiting a promise."""
        response = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if details := response.get("exceptionDetails"):
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return response["result"].get("value")

    def screenshot(self, into: Path) -> None:
        """Save the whole page as a PNG."""
        image = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        into.write_bytes(base64.b64decode(image["data"]))

    def problems(self) -> list[str]:
        """Return the problems of the page: errors and warnings of the console, exceptions, log entries."""
        return [problem for event in self.events if (problem := _problem(event))]

    def requests(self) -> list[str]:
        """Return the requested URLs except `data:`."""
        sent = [event["params"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        urls = [str(request["request"]["url"]) for request in sent]
        return [url for url in urls if not url.startswith("data:")]

    def _options(self) -> list[str]:
        return [
            "--headless=new",
            "--remote-debugging-pipe",
            f"--user-data-dir={self._profile.name}",
            "--no-first-run",
            "--no-default-browser-check",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--lang=en",
            # No request of a page leaves this machine.
            "--host-resolver-rules=MAP * ~NOTFOUND",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
        ]

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + _SECONDS
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._responses], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise BrowserError(f"no response within {_SECONDS:.0f} seconds")
            part = os.read(self._responses, 1 << 20)
            if not part:
                raise BrowserError(f"the browser exited (status {self._process.poll()})")
            self._unread += part
        message, _, self._unread = self._unread.partition(b"\0")
        read: dict[str, Any] = json.loads(message)
        return read


def _move(file: int) -> int:
    moved = fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, _FREE)
    os.close(file)
    return moved


def _problem(event: Mapping[str, Any]) -> str | None:
    parameters = event.get("params", {})
    match event.get("method"):
        case "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            return str(details.get("exception", {}).get("description", details["text"]))
        case "Runtime.consoleAPICalled" if parameters["type"] in {"error", "warning", "assert"}:
            return " ".join(str(value.get("value", value.get("description"))) for value in parameters["args"])
        case "Log.entryAdded" if parameters["entry"]["level"] in {"error", "warning"}:
            return str(parameters["entry"]["text"])
        case "Network.loadingFailed":
            return f"{parameters['type']} failed: {parameters['errorText']}"
    return None
