"""What an example of a document is: its words, and what has to come of them."""

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
"""Where each module of the libraries went."""


@dataclass
class Example:
    """A block of a document.

    Parameters
    ----------
    library, title
        The document and the heading that it stands under.
    code
        As it is written there.
    check
        Asserts, with the names that the block has bound and the names that it was given.
    given
        Makes what it uses and does not say where it comes from.
    raises
        The error that it ends in.
    """

    library: str
    title: str
    code: str
    check: Callable[[dict[str, Any]], None]
    given: Callable[[], dict[str, Any]] = dict
    raises: type[Exception] | None = None

    @property
    def id(self) -> str:
        """What the test is called."""
        return f"{self.library}: {self.title}"

    @property
    def moved(self) -> str:
        """The block with its import paths changed."""
        return re.sub(
            r"(?m)^(\s*from )([\w.]+)( import )", lambda found: found[1] + IMPORT_PATHS[found[2]] + found[3], self.code
        )


def log_lines(names: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the log lines among what an example has printed."""
    return [json.loads(line) for line in names["printed"].splitlines() if line.startswith('{"level"')]
