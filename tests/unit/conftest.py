"""What holds for all unit tests."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from hypothesis import settings

if TYPE_CHECKING:
    import pytest

# How long an example takes is the machine's affair, and the first one often pays for imports.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Close the socket that importing the X-Ray SDK opens, before the interpreter warns of it at its end."""
    core: Any = sys.modules.get("aws_xray_sdk.core")
    if core is not None:
        core.xray_recorder.emitter._socket.close()
