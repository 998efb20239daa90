"""The service framework: an HTTP service in Lambda, and the same routes on a local server.

Nothing here is imported by the rest of the package, so a function that is no HTTP service pays nothing for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.app.asgi import AsgiAdapter as AsgiAdapter
    from ai_voice_shared.app.resolver import ServiceResolver as ServiceResolver
    from ai_voice_shared.app.service import Service as Service
    from ai_voice_shared.app.service import create_service as create_service

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "AsgiAdapter": ".asgi",
        "Service": ".service",
        "ServiceResolver": ".resolver",
        "create_service": ".service",
    },
)
