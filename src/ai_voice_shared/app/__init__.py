"""The service framework: an HTTP service in Lambda, and the same routes on a local server.

Nothing here is imported by the rest of the package, so only HTTP services pay for its import.
"""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".asgi": ("AsgiAdapter",),
        ".resolver": ("ServiceResolver",),
        ".service": ("Service", "create_service"),
    },
)
