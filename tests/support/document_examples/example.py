"""An example of a document: its text and the expected result."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["IMPORT_PATHS", "Example", "log_lines"]

IMPORT_PATHS = {
    "libs.shared.agent_config": "ai_voice_shared.agents",
    "libs.shared.auth": "ai_voice_shared.auth",
    "libs.shared.config": "ai_voice_shared.settings",
    "libs.shared.logging_config": "ai_voice_shared.observability",
    "libs.shared.monitoring": "ai_voice_shared.observability",
    "libs.shared.utils": "ai_voice_shared.utils",
    "myequal_common.auth": "ai_voice_shared.auth",
    "myequal_common.domain.enums": "ai_voice_shared.domain.enums",
    "myequal_common.domain.events": "ai_voice_shared.domain.events",
    "myequal_common.events": "ai_voice_shared.events",
    "myequal_common.observability": "ai_voice_shared.observability",
    "shared.base_app": "ai_voice_shared.app",
    "shared.config": "ai_voice_shared.settings",
    "shared.errors": "ai_voice_shared.errors",
    "shared.events": "ai_voice_shared.events",
    "shared.http_client": "ai_voice_shared.services",
    "shared.logging": "ai_voice_shared.observability",
    "shared.utils": "ai_voice_shared.utils",
}
"""The new path of each module of the libraries."""


@dataclass
class Example:
    """A block of a document.

    Parameters
    ----------
    library, title
        The document and the heading of the example.
    code
        The code, verbatim.
    check
        Assertions on the names that the block has bound and those that it was given.
    given
        Creates the names that the block uses without defining them.
    raises
        The error that it raises.
    """

    library: str
    title: str
    code: str
    check: Callable[[dict[str, Any]], None]
    given: Callable[[], dict[str, Any]] = dict
    raises: type[Exception] | None = None

    @property
    def id(self) -> str:
        """The name of the test."""
        return f"{self.library}: {self.title}"

    @property
    def moved(self) -> str:
        """The block with its import paths changed."""
        return re.sub(
            r"(?m)^(\s*from )([\w.]+)( import )", lambda found: found[1] + IMPORT_PATHS[found[2]] + found[3], self.code
        )


def log_lines(names: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the log lines in the output of an example."""
    return [json.loads(line) for line in names["printed"].splitlines() if line.startswith('{"level"')]
