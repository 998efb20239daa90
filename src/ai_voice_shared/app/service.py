"""`create_service`: an HTTP service in three lines.

::

    from ai_voice_shared import create_service, get_config

    service = create_service("subject-service", get_config("subject-service"))
    app = service.app
    handler = service.handler


    @app.get("/api/v1/subjects/<subject_id>")
    def subject(subject_id: str) -> Subject: ...

`handler` is what Lambda calls; `python -m ai_voice_shared.app module:service` serves the same routes locally.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.event_handler.api_gateway import Response
    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

    from ai_voice_shared.app.asgi import AsgiAdapter
    from ai_voice_shared.app.resolver import RequestFields, ServiceResolver
    from ai_voice_shared.observability.health import HealthRegistry
    from ai_voice_shared.observability.metrics import MetricsClient
    from ai_voice_shared.resilience.rate_limit import RateLimiter, RateStore
    from ai_voice_shared.settings.api import ApiSettings
    from ai_voice_shared.settings.chassis import ChassisSettings
    from ai_voice_shared.settings.config import Config

__all__ = ["Service", "create_service"]


@dataclass(eq=False, repr=False)
class Service:
    """An HTTP service: its routes, its handler for Lambda, its local server.

    Parameters
    ----------
    name
        The service's name.
    api
        Origins of CORS, and the local server's address.
    chassis
        Settings of the service framework: limits, documentation, metrics.
    title, description
        For the OpenAPI document.
    health
        The checks behind `/ready` and `/health`: `service.health.register("database", check)`.
    metrics
        Records the requests; written at the end of each invocation.
    rate_store
        Counts requests; by default in the table that the settings name, else in this process.
    """

    name: str
    api: ApiSettings
    chassis: ChassisSettings
    title: str
    description: str
    health: HealthRegistry
    metrics: MetricsClient
    rate_store: RateStore | None = None

    @cached_property
    def app(self) -> ServiceResolver:
        """The router: `@service.app.get("/path")`."""
        from ai_voice_shared.app.docs import add_docs_routes
        from ai_voice_shared.app.guards import body_guard, https_guard, rate_guard
        from ai_voice_shared.app.health import HEALTH_PATHS, add_health_routes
        from ai_voice_shared.app.resolver import ServiceResolver

        settings = self.chassis
        guards: list[Callable[[BaseProxyEvent], None]] = [https_guard] if settings.https_only else []
        if settings.rate_limit:
            limiter = self._create_limiter(self.name, settings.rate_limit, settings.rate_limit_window)
            guards.append(rate_guard(limiter, exempt=HEALTH_PATHS))
        guards.append(body_guard(settings.max_body_bytes))
        app = ServiceResolver(
            self.name,
            guards=guards,
            on_complete=self._measure if settings.metrics else None,
            cors_origins=self.api.cors_origins,
            cors_max_age=settings.cors_max_age,
            # Never in Lambda, whatever the setting, because callers read the responses there.
            show_errors=self.api.debug and "AWS_LAMBDA_FUNCTION_NAME" not in os.environ,
        )
        add_health_routes(app, self.health)
        if settings.docs:
            add_docs_routes(app, self.openapi)
        return app

    @cached_property
    def logger(self) -> Logger:
        """The service's logger, which writes the package's own lines as well."""
        from ai_voice_shared.observability.logger import attach_library_logs, get_logger

        logger = get_logger(self.name)
        # In a process with two services, as in tests, the lines belong to the one in use.
        attach_library_logs(logger)
        return logger

    def handler(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Return the response to an event of Lambda.

        Parameters
        ----------
        event
            An event of API Gateway (REST or HTTP), a function URL or a load balancer.
        context
            Lambda's context.
        """
        return self._handle(event, context)

    @cached_property
    def _handle(self) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
        app = self.app

        def resolve(event: dict[str, Any], context: Any) -> dict[str, Any]:
            try:
                return app.resolve(event, context)
            finally:
                self.metrics.flush()

        handler: Callable[[dict[str, Any], Any], dict[str, Any]] = self.logger.inject_lambda_context(
            resolve, clear_state=True
        )
        return handler

    @cached_property
    def asgi(self) -> AsgiAdapter:
        """The same routes for an ASGI server."""
        from ai_voice_shared.app.asgi import AsgiAdapter

        # Creating the logger attaches the package's lines; there is no Lambda context to inject.
        _ = self.logger
        return AsgiAdapter(self.app.resolve)

    def rate_limit(self, limit: int, window: int = 60) -> Callable[..., Response[Any]]:
        """Return a middleware that limits one route: `@app.post("/login", middlewares=[service.rate_limit(5)])`.

        Parameters
        ----------
        limit
            Requests per caller and window.
        window
            Length of the window in seconds.
        """
        from ai_voice_shared.app.events import caller_id

        def middleware(app: Any, next_middleware: Callable[[Any], Response[Any]]) -> Response[Any]:
            route = f"{app.request.method} {app.request.route}"
            limiter = limiters.get(route)
            if limiter is None:
                limiter = limiters[route] = self._create_limiter(f"{self.name} {route}", limit, window)
            limiter.check(caller_id(app.current_event))
            return next_middleware(app)

        limiters: dict[str, RateLimiter] = {}
        return middleware

    def openapi(self) -> Mapping[str, Any]:
        """Return the OpenAPI document of all routes."""
        from ai_voice_shared.app.docs import openapi_document

        return openapi_document(self.app, title=self.title, version=self.chassis.version, description=self.description)

    def _measure(self, fields: RequestFields) -> None:
        from ai_voice_shared.app.health import HEALTH_PATHS

        # Health checks would outnumber all other requests.
        if fields.route in HEALTH_PATHS:
            return
        # The names are those of `monitor_api_call`, so that `get_performance_metrics` finds them.
        endpoint, method, metrics = fields.route, fields.method, self.metrics
        metrics.increment("api.count", endpoint=endpoint, method=method)
        metrics.timing("api.duration", fields.seconds * 1000, endpoint=endpoint, method=method)
        if fields.status >= HTTPStatus.BAD_REQUEST:
            kind = "api.errors" if fields.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "api.client_errors"
            metrics.increment(kind, endpoint=endpoint, method=method)

    def _create_limiter(self, name: str, limit: int, window: int) -> RateLimiter:
        from ai_voice_shared.resilience.rate_limit import DynamoDBRateStore, MemoryRateStore, RateLimiter

        if self.rate_store is None:
            table = self.chassis.rate_limit_table
            self.rate_store = DynamoDBRateStore(table) if table else MemoryRateStore()
        return RateLimiter(name, limit=limit, window=window, store=self.rate_store)

    def __repr__(self) -> str:
        return f"Service({self.name!r})"


def create_service(
    name: str,
    config: Config | None = None,
    *,
    title: str | None = None,
    description: str = "",
    api: ApiSettings | None = None,
    chassis: ChassisSettings | None = None,
    rate_store: RateStore | None = None,
    health: HealthRegistry | None = None,
    metrics: MetricsClient | None = None,
) -> Service:
    """Create an HTTP service.

    Every response, error responses included, has the correlation id. Errors of this package become problem details
    (RFC 9457) with their status, any other exception a 500 without details. Requests and responses are validated by
    the type annotations of the route. The service has `/health`, `/live`, `/ready`, `/openapi.json` and `/docs`, CORS,
    body size and rate limits, security headers, and one log line per request, without path and query.

    Parameters
    ----------
    name
        The service's name, in its logs, traces and limits.
    config
        By default `get_config(name)`.
    title, description
        For the OpenAPI document.
    api, chassis
        Settings to use instead of those of the environment.
    rate_store
        Counts requests; by default in the table that the settings name, else in this process.
    health
        The checks behind `/ready` and `/health`; by default those of `register_health_check`.
    metrics
        Records the requests; by default a `MetricsClient` of the service's name.

    Examples
    --------
    >>> from ai_voice_shared.settings.chassis import ChassisSettings
    >>> service = create_service("hello-service", chassis=ChassisSettings(docs=False))
    >>> @service.app.get("/hello/<name>")
    ... def hello(name: str) -> dict[str, str]:
    ...     return {"hello": name}
    >>> event = {"rawPath": "/hello/you", "requestContext": {"http": {"method": "GET"}}, "headers": {}}
    >>> response = service.app.resolve(event, None)
    >>> response["statusCode"], response["body"]
    (200, '{"hello":"you"}')
    """
    from ai_voice_shared.observability.health import get_health_registry
    from ai_voice_shared.observability.metrics import MetricsClient
    from ai_voice_shared.settings.chassis import ChassisSettings
    from ai_voice_shared.settings.config import get_config

    return Service(
        name,
        api or (config or get_config(name)).api,
        chassis or ChassisSettings.for_service(name),
        title or name,
        description,
        health or get_health_registry(),
        metrics or MetricsClient(name),
        rate_store,
    )
