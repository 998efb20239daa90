"""`/live`, `/ready` and `/health`, from the checks of `observability.health`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response

if TYPE_CHECKING:
    from ai_voice_shared.app.resolver import ServiceResolver
    from ai_voice_shared.observability.health import HealthRegistry, HealthResponse

__all__ = ["HEALTH_PATHS", "add_health_routes"]

HEALTH_PATHS = ("/live", "/ready", "/health")
"""The paths of the health checks; rate limits do not apply to them."""

_STATUS = {"application/json": {"schema": {"type": "object", "required": ["status", "service", "timestamp"]}}}
_HEALTHY: dict[int, Any] = {200: {"description": "Healthy", "content": _STATUS}}
_CHECKED: dict[int, Any] = {**_HEALTHY, 503: {"description": "A critical component is unhealthy", "content": _STATUS}}


def add_health_routes(app: ServiceResolver, registry: HealthRegistry) -> None:
    """Add the three health routes.

    Parameters
    ----------
    app
        The service's router.
    registry
        Its checks.
    """

    def respond(response: HealthResponse) -> Response[dict[str, Any]]:
        body = {**response.body, "service": app.service}
        return Response(response.status_code, content_type="application/json", body=body)

    @app.get("/live", tags=["health"], summary="Whether the process responds", responses=_HEALTHY)
    def live() -> Response[dict[str, Any]]:
        return respond(registry.live())

    @app.get("/ready", tags=["health"], summary="Whether the service should receive traffic", responses=_CHECKED)
    def ready() -> Response[dict[str, Any]]:
        return respond(registry.ready())

    @app.get("/health", tags=["health"], summary="The status of each component", responses=_CHECKED)
    def health() -> Response[dict[str, Any]]:
        return respond(registry.health())
