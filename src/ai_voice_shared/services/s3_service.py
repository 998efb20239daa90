"""The names of `ai_voice_shared.services.s3`, at the path that services import them from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ai_voice_shared.services.s3 import *  # noqa: F403 - its stub has them all
else:
    from ai_voice_shared.services.s3 import __all__, __dir__, __getattr__  # noqa: F401 - resolved on first use
