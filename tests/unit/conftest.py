"""What holds for all unit tests."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes is the machine's affair, and the first one often pays for imports.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
