"""Capture of the JSON lines that a handler's Loggers write."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["LogCapture"]

_FORMAT = "format"


class LogCapture:
    """Capture the lines of every Powertools Logger, including those created before.

    A Logger writes to the stream that was standard output when it was created, and pytest replaces that between the
    phases of a test, so that `capsys` misses lines; `caplog` has records without Powertools' keys. Lines are therefore
    captured when they are formatted, and are still written.

    Attributes
    ----------
    text : str
        All captured lines.

    Examples
    --------
    >>> from ai_voice_shared import get_logger
    >>> with LogCapture() as logs:
    ...     get_logger("example").info("note stored", extra={"size": 3})
    {"level":"INFO",..."message":"note stored",...}
    >>> logs.named("note stored")[0]["size"]
    3
    """

    def __init__(self) -> None:
        self.text = ""
        self._format: Callable[[logging.Handler, logging.LogRecord], str] | None = None

    def __enter__(self) -> Self:
        original = self._format = logging.Handler.format

        def format_and_capture(handler: logging.Handler, record: logging.LogRecord) -> str:
            line = original(handler, record)
            if _is_powertools(handler.formatter):
                self.text += f"{line}\n"
            return line

        setattr(logging.Handler, _FORMAT, format_and_capture)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._format is not None:
            setattr(logging.Handler, _FORMAT, self._format)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """All lines that are JSON objects, in the order in which they were written."""
        found = []
        for line in self.text.splitlines():
            try:
                parsed = json.loads(line)
            except ValueError:
                continue
            if isinstance(parsed, dict):
                found.append(parsed)
        return found

    def named(self, message: str) -> list[dict[str, Any]]:
        """Return the lines with this message."""
        return [line for line in self.lines if line.get("message") == message]

    def clear(self) -> None:
        """Discard the captured lines."""
        self.text = ""


def _is_powertools(formatter: logging.Formatter | None) -> bool:
    # By name, because the check must not import Powertools into a test without it.
    return any(kind.__name__ == "BasePowertoolsFormatter" for kind in type(formatter).__mro__)
