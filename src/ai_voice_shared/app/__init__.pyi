# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
from ai_voice_shared.app.asgi import AsgiAdapter as AsgiAdapter
from ai_voice_shared.app.resolver import ServiceResolver as ServiceResolver
from ai_voice_shared.app.service import Service as Service
from ai_voice_shared.app.service import create_service as create_service

__all__ = [
    "AsgiAdapter",
    "Service",
    "ServiceResolver",
    "create_service",
]
