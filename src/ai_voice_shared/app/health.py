"""`/live`, `/ready` and `/health`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ai_voice_shared.app.resolver import ServiceResolver

__all__ = ["HEALTH_PATHS", "add_health_routes"]

HEALTH_PATHS = ("/live", "/ready", "/health")
"""What monitors ask for; rate limits leave it out."""


def add_health_routes(app: ServiceResolver) -> None:
    """Add the three routes.

    Parameters
    ----------
    app
        The service's router.
    """

    @app.get("/live", tags=["health"], summary="Whether the process answers")
    def live() -> dict[str, str]:
        return {"status": "ok"}
