"""The service framework: the parts that make a function a service."""

from __future__ import annotations

import json
from typing import Any

from .registry import checks_usage

__all__: list[str] = []


def _event(path: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    http = {"method": method, "path": path, "sourceIp": "192.0.2.1"}
    return {"rawPath": path, "rawQueryString": "", "headers": {}, "requestContext": {"http": http}, **more}


class _Context:
    function_name = "function"
    function_version = "1"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


@checks_usage(
    "create_service",
    "app.Service",
    "app.ServiceResolver",
    "app.resolver.RequestFields",
    "app.events.ServiceEventV2",
    "app.events.caller_id",
    "app.events.placeholder_event",
    "app.events.proxy_event",
    "app.guards.body_guard",
    "app.guards.https_guard",
    "app.guards.rate_guard",
    "app.health.add_health_routes",
    "app.docs.add_docs_routes",
    "app.docs.openapi_document",
    "app.docs.swagger_page",
    "app.error_responses.error_response",
    "app.error_responses.to_package_error",
    "app.response_headers.add_response_headers",
)
def a_service_answers_lambda() -> None:
    """Routes, problems, limits, health, OpenAPI and its page, with the correlation id on all of them."""
    from ai_voice_shared import create_service
    from ai_voice_shared.app.events import caller_id, placeholder_event
    from ai_voice_shared.errors import NotFoundError
    from ai_voice_shared.settings import get_config
    from ai_voice_shared.settings.chassis import ChassisSettings

    config = get_config("my-service")
    limited = ChassisSettings(docs=True, rate_limit=6, https_only=True)
    service = create_service("my-service", config, chassis=limited)
    app = service.app

    @app.get("/subjects/<subject_id>")
    def subject(subject_id: str) -> dict[str, str]:
        if subject_id == "404":
            kind = "Subject"
            raise NotFoundError(kind, subject_id)
        return {"id": subject_id}

    def ask(path: str, method: str = "GET") -> tuple[int, str, str]:
        event = _event(path, method, headers={"x-correlation-id": "order-7"})
        response = service.handler(event, _Context())
        headers = {name.lower(): value for name, value in {**response["headers"]}.items()}
        return response["statusCode"], response["body"], headers["x-correlation-id"]

    assert ask("/subjects/1") == (200, '{"id":"1"}', "order-7")
    status, body, correlation_id = ask("/subjects/404")
    assert (status, json.loads(body)["code"], correlation_id) == (404, "not_found", "order-7")
    assert ask("/nowhere")[0] == 404
    assert ask("/subjects/1", "DELETE")[0] == 405
    assert json.loads(ask("/openapi.json")[1])["paths"]["/subjects/{subject_id}"]
    # The layer has no scripts of Swagger UI.
    assert ask("/docs")[0] == 307
    assert ask("/subjects/1")[0] == 429
    assert ask("/health")[0] == 200
    assert caller_id(placeholder_event()) == "unknown"


@checks_usage(
    "app.error_responses.MethodNotAllowedError",
    "app.error_responses.RouteNotFoundError",
    "app.guards.HttpsRequiredError",
)
def errors_of_the_framework() -> None:
    """Each error has its own code; a load balancer's plain HTTP is refused."""
    from ai_voice_shared import create_service
    from ai_voice_shared.app.error_responses import MethodNotAllowedError, RouteNotFoundError
    from ai_voice_shared.app.guards import HttpsRequiredError
    from ai_voice_shared.settings.chassis import ChassisSettings

    assert MethodNotAllowedError(["GET"]).allowed == ["GET"]
    assert (RouteNotFoundError().status, HttpsRequiredError().status) == (404, 403)
    service = create_service("plain-service", chassis=ChassisSettings(https_only=True))
    balanced = {
        "httpMethod": "GET",
        "path": "/live",
        "headers": {"x-forwarded-proto": "http"},
        "requestContext": {"elb": {}},
    }
    response = service.app.resolve(balanced, None)
    assert json.loads(response["body"])["code"] == HttpsRequiredError.code


@checks_usage("app.AsgiAdapter", "app.asgi.event_from_scope", "app.coroutines.server_loop")
def the_same_routes_under_asgi() -> None:
    """The adapter turns a request into a status and a body."""
    import asyncio

    import anyio

    from ai_voice_shared import create_service
    from ai_voice_shared.app.coroutines import server_loop

    service = create_service("local-service")

    @service.app.get("/hello/<name>")
    async def hello(name: str) -> dict[str, str]:
        return {"hello": name, "loop": str(asyncio.get_running_loop() is server_loop.get())}

    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "method": "GET",
        "path": "/hello/you",
        "raw_path": b"/hello/you",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    anyio.run(service.asgi, scope, receive, send)
    assert (sent[0]["status"], sent[1]["body"]) == (200, b'{"hello":"you","loop":"True"}')
