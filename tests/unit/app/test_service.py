"""Responses of a service: routing, error responses, headers, limits, logs and metrics."""

from __future__ import annotations

import base64
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Form

from ai_voice_shared import create_service
from ai_voice_shared.app import ServiceResolver
from ai_voice_shared.errors import ServiceUnavailableError
from ai_voice_shared.problems import retry_after_seconds
from ai_voice_shared.settings import ApiSettings
from ai_voice_shared.settings.config import get_config
from tests.unit.app.conftest import (
    PERSONAL,
    SHAPES,
    create_auth_manager,
    create_note_service,
    event_alb,
    event_alb_multi,
    event_v1,
    event_v2,
    get_body,
    get_header,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ai_voice_shared.app import Service
    from ai_voice_shared.testing.context import FakeLambdaContext
    from ai_voice_shared.testing.logs import LogCapture
    from ai_voice_shared.testing.spans import RecordingTracer

pytestmark = pytest.mark.unit

Event = dict[str, Any]


def resolve(service: Service, event: Event, context: Any = None) -> dict[str, Any]:
    """Return the response to an event."""
    return service.app.resolve(event, context)


def test_the_documented_usage() -> None:
    """`create_service(name, config).app` is a router."""
    config = get_config("my-service")
    service = create_service("my-service", config)
    app = service.app

    @app.get("/hello")
    def hello() -> dict[str, str]:
        return {"hello": "you"}

    assert get_body(app(event_v2(path="/hello"), None)) == {"hello": "you"}


@SHAPES
def test_one_router_for_all_events(service: Service, shape: Callable[..., Event]) -> None:
    """A route responds to each kind of event, in its format."""
    response = resolve(service, shape(path="/notes/3"))
    assert response["statusCode"] == 200
    assert get_body(response) == {"title": "short", "stars": 3}


@SHAPES
def test_the_query_reaches_the_route(service: Service, shape: Callable[..., Event]) -> None:
    """Query parameters are parsed by their types."""
    query = {"rawQueryString": "verbose=true", "queryStringParameters": {"verbose": "true"}}
    assert get_body(resolve(service, shape(path="/notes/3", **query)))["title"] == "verbose"


@SHAPES
@pytest.mark.parametrize("path", ["/notes/3", "/notes/x", "/raise/unknown", "/nowhere"])
def test_the_correlation_id_is_returned(service: Service, shape: Callable[..., Event], path: str) -> None:
    """The response, even to an error, has the correlation id of the request."""
    assert get_header(resolve(service, shape(path=path)), "x-correlation-id") == "order-7"


def test_a_missing_correlation_id_is_created(service: Service) -> None:
    """Without a correlation id API Gateway's request id is used, else a new id."""
    event = event_v2(path="/live")
    event["headers"] = {}
    assert get_header(resolve(service, event), "x-correlation-id") == "r-1"
    assert len(get_header(resolve(service, {}), "x-correlation-id") or "") == 36


@SHAPES
def test_security_headers_are_on_every_response(service: Service, shape: Callable[..., Event]) -> None:
    """Responses of routes, of errors and to unknown paths have security headers."""
    for path in ("/notes/3", "/raise/unknown", "/nowhere"):
        response = resolve(service, shape(path=path))
        assert get_header(response, "x-content-type-options") == "nosniff"
        assert get_header(response, "strict-transport-security")
        assert get_header(response, "cache-control") == "no-store"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/notes/0", 404, "not_found"),
        ("/notes/x", 422, "validation_error"),
        ("/raise/conflict", 409, "conflict"),
        ("/raise/limited", 429, "rate_limited"),
        ("/raise/settings", 500, "missing_setting"),
        ("/raise/unknown", 500, "internal_error"),
        ("/raise/powertools", 400, "http_400"),
        ("/wrong-response", 500, "internal_error"),
        ("/unwritable", 500, "internal_error"),
        ("/nowhere", 404, "route_not_found"),
    ],
)
@SHAPES
def test_every_error_is_a_problem(
    service: Service, shape: Callable[..., Event], path: str, status: int, code: str
) -> None:
    """Every exception becomes problem details with its status and code."""
    response = resolve(service, shape(path=path))
    problem = get_body(response)
    assert response["statusCode"] == problem["status"] == status
    assert get_header(response, "content-type") == "application/problem+json"
    assert (problem["code"], problem["correlation_id"]) == (code, "order-7")


def test_details_reach_the_caller(service: Service) -> None:
    """The response has a conflict's details, a rate limit's seconds and an invalid field's location."""
    assert get_body(resolve(service, event_v2(path="/raise/conflict")))["errors"] == [{"by": "editor"}]
    limited = resolve(service, event_v2(path="/raise/limited"))
    assert get_header(limited, "retry-after") == "3"
    wrong = resolve(service, event_v2("POST", "/notes", body=json.dumps({"title": 7})))
    assert get_body(wrong)["errors"] == [{"loc": ["body", "title"], "type": "string_type"}]


def test_titles_are_status_phrases(service: Service) -> None:
    """The titles of errors that the service framework itself creates are the phrases of their statuses."""
    events = (event_v2(path="/raise/powertools"), event_v2(path="/nowhere"), event_v2("PATCH", "/notes"))
    problems = [get_body(resolve(service, event)) for event in events]
    assert [problem["title"] for problem in problems] == ["Bad Request", "Not Found", "Method Not Allowed"]
    assert problems[0]["detail"] == "no such colour"


def test_the_text_of_an_unknown_error_is_not_shown(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the response nor the log has the text of an unknown error; the log has its stack."""
    with caplog.at_level(logging.INFO, "ai_voice_shared"):
        response = resolve(service, event_v2(path="/raise/unknown"))
    lines = [vars(record) for record in caplog.records]
    assert PERSONAL not in json.dumps(response)
    assert PERSONAL not in json.dumps(lines, default=str)
    failed = next(line for line in lines if line["msg"] == "request failed")
    assert failed["error_type"] == "ValueError"
    assert any("conftest.py" in frame and "fail" in frame for frame in failed["stack"])


def test_one_line_for_each_request(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """The line has the pattern of the route, and nothing of the path, the query or the body."""
    with caplog.at_level(logging.INFO, "ai_voice_shared"):
        resolve(service, event_v2(path="/names/zebedee", rawQueryString="phone=61400"))
    (line,) = [vars(record) for record in caplog.records if record.msg == "request"]
    assert (line["http_method"], line["http_route"], line["http_status"]) == ("GET", "/names/{name}", 200)
    assert line["duration_ms"] >= 0
    assert "zebedee" not in json.dumps(line, default=str)
    assert "61400" not in json.dumps(line, default=str)


def test_another_method_is_405(service: Service) -> None:
    """The 405 of a path that has routes lists its methods."""
    response = resolve(service, event_v2("PATCH", "/notes"))
    assert (response["statusCode"], get_header(response, "allow")) == (405, "POST")
    assert get_header(resolve(service, event_v2("PATCH", "/notes/3")), "allow") == "GET, HEAD"


@SHAPES
def test_head_is_get(service: Service, shape: Callable[..., Event], caplog: pytest.LogCaptureFixture) -> None:
    """A GET route responds to HEAD as well; the log line has the method of the request."""
    with caplog.at_level(logging.INFO, "ai_voice_shared"):
        assert resolve(service, shape("HEAD", "/notes/3"))["statusCode"] == 200
    (line,) = [vars(record) for record in caplog.records if record.msg == "request"]
    assert (line["http_method"], line["http_route"]) == ("HEAD", "/notes/{note_id}")
    assert resolve(service, shape("HEAD", "/notes"))["statusCode"] == 405


def test_a_separate_head_route() -> None:
    """A route for HEAD takes precedence over the one for GET."""
    service = create_note_service()

    @service.app.head("/names/<name>")
    def exists(name: str) -> Response[str]:
        return Response(204, body="", headers={"X-Name": name})

    response = resolve(service, event_v2("HEAD", "/names/a"))
    assert (response["statusCode"], get_header(response, "x-name")) == (204, "a")


@SHAPES
def test_a_form_where_json_is_expected_is_415(shape: Callable[..., Event]) -> None:
    """A route with a JSON body rejects a form with 415; a route with form fields reads it."""
    service = create_note_service()

    @service.app.post("/forms")
    def read_form(title: Annotated[str, Form()]) -> dict[str, str]:
        return {"title": title}

    form = {"body": "title=x&stars=y", "headers": {"content-type": "application/x-www-form-urlencoded"}}
    response = resolve(service, shape("POST", "/notes", **form))
    assert (response["statusCode"], get_body(response)["code"]) == (415, "unsupported_media_type")
    assert get_body(resolve(service, shape("POST", "/forms", **form))) == {"title": "x"}
    form["body"] = "titel=x"
    assert resolve(service, shape("POST", "/forms", **form))["statusCode"] == 422


@SHAPES
@pytest.mark.parametrize("rule", ["/notes/all/", "/notes/all"])
def test_a_trailing_slash_makes_no_difference(shape: Callable[..., Event], rule: str) -> None:
    """A trailing slash makes no difference, neither in the rule nor in the path."""
    service = create_note_service()

    @service.app.get(rule)
    def read_all() -> dict[str, str]:
        return {}

    assert [resolve(service, shape(path=path))["statusCode"] for path in ("/notes/all", "/notes/all/")] == [200, 200]


@pytest.mark.parametrize("event", [{}, {"phone_number": "x"}, [], None, {"requestContext": {}}, {"Records": []}])
def test_an_event_that_is_not_an_http_request_is_400(service: Service, event: Any) -> None:
    """The response to an event of another kind is a 400, and nothing is raised."""
    response = resolve(service, event)
    assert (response["statusCode"], get_body(response)["code"]) == (400, "invalid_payload")


@pytest.mark.parametrize(
    ("body", "encoded"),
    [
        ("{", False),
        ("", False),
        ("[" * 100_000, False),
        ('{"title": NaN}', False),
        ('{"title": ' + "9" * 5000 + "}", False),
        ("not base64!", True),
        (base64.b64encode(b"\xff\xfe{").decode(), True),
    ],
    ids=["cut off", "empty", "deep", "NaN", "a long number", "not base64", "not UTF-8"],
)
def test_an_invalid_body_is_a_client_error(
    service: Service,
    body: str,
    encoded: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """The response to an invalid body is a 400 or 422, never a 500."""
    response = resolve(service, event_v2("POST", "/notes", body=body, isBase64Encoded=encoded))
    assert response["statusCode"] in {400, 422}


def test_a_body_is_decoded(service: Service) -> None:
    """A base64-encoded body of a function URL is decoded."""
    body = base64.b64encode(json.dumps({"title": "Grüße"}).encode()).decode()
    response = resolve(service, event_v2("POST", "/notes", body=body, isBase64Encoded=True))
    assert (response["statusCode"], get_body(response)["title"]) == (201, "Grüße")


def test_another_content_type_is_415(service: Service) -> None:
    """A body that is neither JSON nor a form is rejected with 415."""
    response = resolve(service, event_v2("POST", "/notes", body="<a/>", headers={"content-type": "application/xml"}))
    assert (response["statusCode"], get_body(response)["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_multipart_body_without_a_boundary_is_400(service: Service, content_type: str) -> None:
    """A multipart body without a boundary cannot be parsed and is rejected with 400."""
    response = resolve(service, event_v2("POST", "/notes", body="--x", headers={"content-type": content_type}))
    assert response["statusCode"] == 400


def test_a_large_body_is_413() -> None:
    """A body above the limit is rejected with 413, with the correlation id."""
    service = create_note_service(max_body_bytes=100)
    response = resolve(service, event_v2("POST", "/notes", body=json.dumps({"title": "x" * 100})))
    assert response["statusCode"] == 413
    assert get_header(response, "x-correlation-id") == "order-7"


@pytest.mark.parametrize("shape", [event_alb, event_alb_multi])
def test_plain_http_is_rejected(shape: Callable[..., Event]) -> None:
    """A request that a load balancer accepted over HTTP is rejected, unless the settings allow it."""
    event = shape(path="/live", headers={"x-forwarded-proto": "http"})
    response = resolve(create_note_service(), event)
    assert (response["statusCode"], get_body(response)["code"]) == (403, "https_required")
    assert (get_body(response)["title"], get_body(response)["detail"]) == ("Forbidden", "HTTPS is required")
    assert resolve(create_note_service(https_only=False), event)["statusCode"] == 200


def test_a_load_balancer_gets_a_body(service: Service) -> None:
    """A response without a body, which a load balancer would replace by a 502, has an empty one."""
    assert resolve(service, event_alb("OPTIONS", "/notes"))["body"] == ""


def test_cors_allows_the_configured_origin_only() -> None:
    """Preflights and responses allow the configured origin and no other."""
    service = create_note_service()
    allowed = {"origin": "https://app.example.com"}
    preflight = resolve(service, event_v2("OPTIONS", "/notes", headers=allowed))
    assert preflight["statusCode"] == 204
    assert get_header(preflight, "access-control-allow-origin") == "https://app.example.com"
    assert "POST" in (get_header(preflight, "access-control-allow-methods") or "")
    assert "X-Correlation-Id" in (get_header(preflight, "access-control-allow-headers") or "")
    for path in ("/notes/3", "/notes/x", "/raise/unknown"):
        response = resolve(service, event_v2(path=path, headers=allowed))
        assert get_header(response, "access-control-allow-origin") == "https://app.example.com"
        assert get_header(response, "vary") == "Origin"
    other = resolve(service, event_v2(path="/notes/3", headers={"origin": "https://evil.example"}))
    assert get_header(other, "access-control-allow-origin") is None


def test_an_early_rejection_has_cors_headers() -> None:
    """A 413 has CORS headers too, so that a page can read it."""
    service = create_note_service(max_body_bytes=1)
    response = resolve(service, event_v2("POST", "/notes", body="{}", headers={"origin": "https://app.example.com"}))
    assert response["statusCode"] == 413
    assert get_header(response, "access-control-allow-origin") == "https://app.example.com"


def test_without_origins_there_is_no_cors() -> None:
    """Without configured origins no origin is allowed."""
    response = resolve(
        create_note_service(ApiSettings(cors_origins=[])), event_v2(headers={"origin": "https://a.example"})
    )
    assert get_header(response, "access-control-allow-origin") is None


def test_a_user_by_dependency(service: Service) -> None:
    """A route with a user dependency gets the user, or the response is a 401 with a challenge."""
    token = create_auth_manager().create_tokens(user_id="user-1").access_token
    known = resolve(service, event_v2(path="/me", headers={"authorization": f"Bearer {token}"}))
    assert get_body(known) == {"user_id": "user-1"}
    unknown = resolve(service, event_v2(path="/me", headers={"authorization": "Bearer x"}))
    assert (unknown["statusCode"], get_body(unknown)["code"]) == (401, "invalid_token")
    assert (get_header(unknown, "www-authenticate") or "").startswith("Bearer")


def test_the_rate_limit_applies_per_caller() -> None:
    """A caller's requests do not count for another caller, and health checks are not counted."""
    service = create_note_service(rate_limit=2, rate_limit_window=86_400)
    statuses = [resolve(service, event_v2(path="/notes/3"))["statusCode"] for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert get_header(resolve(service, event_v2(path="/notes/3")), "retry-after")
    assert resolve(service, event_v2(path="/notes/3", source_ip="203.0.113.8"))["statusCode"] == 200
    assert resolve(service, event_v2(path="/live"))["statusCode"] == 200


@pytest.mark.parametrize("shape", [event_alb, event_alb_multi])
def test_the_caller_s_address_is_the_one_that_the_load_balancer_adds(shape: Callable[..., Event]) -> None:
    """An address that the caller itself puts into the header does not change its identity."""
    service = create_note_service(rate_limit=1, rate_limit_window=86_400)
    for claimed, status in (("10.0.0.1", 200), ("10.0.0.2", 429)):
        event = shape(path="/notes/3", headers={"x-forwarded-for": f"{claimed}, 203.0.113.7"})
        assert resolve(service, event)["statusCode"] == status


def test_a_rate_limit_of_one_route() -> None:
    """`middlewares=[service.rate_limit(...)]` limits that route only."""
    service = create_note_service()

    @service.app.post("/login", middlewares=[service.rate_limit(1, 86_400)])
    def login() -> dict[str, str]:
        return {}

    assert [resolve(service, event_v2("POST", "/login"))["statusCode"] for _ in range(2)] == [200, 429]
    assert resolve(service, event_v2(path="/notes/3"))["statusCode"] == 200


def test_a_coroutine_route(service: Service, lambda_context: FakeLambdaContext) -> None:
    """A route may be a coroutine function, which has the correlation id and the deadline of its request."""
    for correlation_id in ("one", "two"):
        event = event_v2(path="/async", headers={"x-correlation-id": correlation_id})
        assert get_body(resolve(service, event, lambda_context)) == {
            "correlation_id": correlation_id,
            "has_deadline": True,
        }


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_resolving_while_an_event_loop_is_running(service: Service) -> None:
    """`resolve_async` returns the same responses."""
    for path, status in (("/async", 200), ("/notes/3", 200), ("/nowhere", 404), ("/raise/unknown", 500)):
        response = await service.app.resolve_async(event_v2(path=path), None)
        assert response["statusCode"] == status
        assert get_header(response, "x-correlation-id") == "order-7"


def test_concurrent_requests_do_not_mix(service: Service) -> None:
    """Concurrent requests in threads, as on the local server, each have their own event."""
    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(lambda n: resolve(service, event_v2(path=f"/names/n{n}")), range(100)))
    assert [get_body(response)["name"] for response in responses] == [f"n{n}" for n in range(100)]


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (event_v2(path="/prod/names/a", stage="prod"), "a"),
        (event_v2(path="/names/a", stage="prod"), "a"),
        (event_v2(path="/names/a%20b"), "a b"),
        (event_v2(path="/names/Gr%C3%BC%C3%9Fe/"), "Grüße"),
        (event_v1(path="/names/a/"), "a"),
    ],
    ids=["a stage", "a custom domain", "a space", "not ASCII", "a trailing slash"],
)
def test_paths(service: Service, event: Event, name: str) -> None:
    """Stages, custom domains, encoded characters and trailing slashes lead to the same route."""
    assert get_body(resolve(service, event)) == {"name": name}


def test_the_handler_of_lambda(lambda_logs: LogCapture, lambda_context: FakeLambdaContext) -> None:
    """`service.handler` responds, and logs JSON lines with the service, the request id and the correlation id."""
    response = create_note_service().handler(event_v2(path="/notes/3"), lambda_context)
    assert response["statusCode"] == 200
    (line,) = lambda_logs.named("request")
    assert line["service"] == "note-service"
    assert line["function_request_id"] == lambda_context.aws_request_id
    assert line["correlation_id"] == "order-7"


def test_a_request_is_a_span(service: Service, traces: RecordingTracer) -> None:
    """The span has the service, the correlation id, the pattern of the route and the status; never the path."""
    resolve(service, event_v2(path="/names/zebedee"))
    (span,) = traces.named("## request")
    assert span.annotations == {
        "Service": "note-service",
        "correlation_id": "order-7",
        "route": "/names/{name}",
        "status": 200,
    }


def test_health_depends_on_the_components() -> None:
    """A failing critical component makes the service not ready, an optional one is only reported; it stays live."""
    service = create_note_service()

    def broken() -> None:
        raise ConnectionError(PERSONAL)

    service.health.register("bucket", lambda: True)
    service.health.register("extra", broken, critical=False)
    assert [resolve(service, event_v2(path=path))["statusCode"] for path in ("/live", "/ready", "/health")] == [200] * 3
    service.health.register("database", broken)
    responses = {path: resolve(service, event_v2(path=path)) for path in ("/live", "/ready", "/health")}
    assert [response["statusCode"] for response in responses.values()] == [200, 503, 503]
    status = get_body(responses["/health"])
    assert status["service"] == "note-service"
    assert {name: component["status"] for name, component in status["components"].items()} == {
        "bucket": "healthy",
        "extra": "unhealthy",
        "database": "unhealthy",
    }
    assert PERSONAL not in responses["/health"]["body"]


def test_requests_are_recorded_as_metrics(
    capsys: pytest.CaptureFixture[str], lambda_context: FakeLambdaContext
) -> None:
    """Each invocation writes count, duration and errors by route, except for health checks."""
    service = create_note_service()
    for path in ("/names/zebedee", "/raise/unknown", "/live"):
        service.handler(event_v2(path=path), lambda_context)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    measured = [line for line in lines if "_aws" in line and "endpoint" in line]
    assert sorted(line["endpoint"] for line in measured) == ["/names/{name}", "/raise/{kind}"]
    assert [line["endpoint"] for line in measured if "api.errors" in line] == ["/raise/{kind}"]
    assert all(line["api.count"] == [1.0] and line["service"] == "note-service" for line in measured)
    assert "zebedee" not in json.dumps(measured)


def test_metrics_can_be_disabled(capsys: pytest.CaptureFixture[str], lambda_context: FakeLambdaContext) -> None:
    """With API_METRICS=false no metrics are written."""
    create_note_service(metrics=False).handler(event_v2(path="/names/a"), lambda_context)
    assert "_aws" not in capsys.readouterr().out


def test_debug_responses_show_the_error_but_never_in_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    """With API_DEBUG=true a local server's response has the error and its stack; a function's has not."""
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    event = event_v2(path="/raise/unknown")
    problem = get_body(resolve(create_note_service(ApiSettings(debug=True)), event))
    assert problem["detail"] == f"ValueError: {PERSONAL}"
    assert any("conftest.py" in frame for frame in problem["stack"])
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "note-service")
    assert PERSONAL not in resolve(create_note_service(ApiSettings(debug=True)), event)["body"]


@pytest.mark.parametrize(
    "event",
    [
        {"requestContext": "x"},
        {"requestContext": [1]},
        {"headers": [1]},
        {"multiValueHeaders": [1]},
        {"multiValueHeaders": {"a": 5}},
        {"requestContext": {"http": {"method": "GET"}}, "rawPath": "/live", "headers": 5},
        {"requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/live", "multiValueHeaders": {"origin": []}},
        {"requestContext": {}, "httpMethod": "GET", "path": "/live", "multiValueHeaders": {"origin": []}},
        {"requestContext": {"elb": {}}, "headers": {}},
        {"requestContext": {"elb": {}}, "headers": {}, "httpMethod": "GET"},
        {"requestContext": {"http": {"method": "GET"}}, "rawPath": "/", "headers": {"a": 1}},
        {"requestContext": {"http": {"method": "GET"}}, "rawPath": "/", "multiValueHeaders": {"a": [1]}},
    ],
)
def test_a_malformed_event_is_400(event: Event) -> None:
    """The response to an event with headers or a context of another type is a 400."""
    service = create_note_service()
    assert resolve(service, event)["statusCode"] == 400


@pytest.mark.parametrize("nothing", [0, "", None, []])
def test_an_event_without_headers(service: Service, nothing: object) -> None:
    """An event whose headers are empty, zero or None is served."""
    event = {"requestContext": {"http": {"method": "GET"}}, "rawPath": "/live", "headers": nothing}
    assert resolve(service, event)["statusCode"] == 200


def test_routes_of_a_router() -> None:
    """Routes of Powertools' `Router`, including coroutine functions, are served and see the event."""
    service, router = create_note_service(), Router()  # type: ignore[no-untyped-call] # Powertools leaves it unannotated

    @router.get("/items/<item_id>")
    async def item(item_id: str) -> dict[str, str]:
        return {"item_id": item_id, "path": router.current_event.path}

    service.app.include_router(router, prefix="/shop")
    assert get_body(resolve(service, event_v2(path="/shop/items/7"))) == {"item_id": "7", "path": "/shop/items/7"}
    assert get_header(resolve(service, event_v2("PUT", "/shop/items/7")), "allow") == "GET, HEAD"


def test_no_private_name_of_powertools_is_overridden() -> None:
    """No private name of the resolver is one of Powertools', of this or of an upgraded version."""
    inherited = {name for kind in ServiceResolver.__mro__[1:] for name in vars(kind)}
    inherited |= vars(APIGatewayRestResolver()).keys()
    private = {name for name in vars(ServiceResolver) if name.startswith("_") and not name.startswith("__")}
    assert private & inherited <= {"_abc_impl"}


def test_a_route_s_vary_header_is_extended() -> None:
    """The Vary header has the route's own value and the origin."""
    service = create_note_service(api=ApiSettings(cors_origins=["https://a.example"]))

    @service.app.get("/one")
    def one() -> Response[str]:
        return Response(200, "text/plain", "x", headers={"vary": "Accept-Language"})

    @service.app.get("/any")
    def any_() -> Response[str]:
        return Response(200, "text/plain", "x", headers={"Vary": "*"})

    headers = [get_header(resolve(service, event_v2(path=path)), "vary") for path in ("/one", "/any", "/none")]
    assert headers == ["Accept-Language, Origin", "*", "Origin"]


def test_an_infinite_retry_after_is_omitted() -> None:
    """An infinite delay is neither in the header nor in the body, and the error's status is unchanged."""
    service = create_note_service()

    @service.app.get("/busy")
    def busy() -> dict[str, str]:
        raise ServiceUnavailableError("busy", service="other", retry_after=float("inf"))

    response = resolve(service, event_v2(path="/busy"))
    assert response["statusCode"] == 503
    assert get_header(response, "retry-after") is None
    assert "retry_after" not in get_body(response)
    assert retry_after_seconds({"retry-after": "9" * 400}) == 31_536_000


def test_a_response_that_names_the_origin_varies_by_it() -> None:
    """With `*` and a listed origin the response names the listed one, and has a Vary header."""
    service = create_note_service(api=ApiSettings(cors_origins=["*", "https://a.example"]))
    response = resolve(service, event_v2(path="/notes/1", headers={"origin": "https://a.example"}))
    assert get_header(response, "access-control-allow-origin") == "https://a.example"
    assert get_header(response, "vary") == "Origin"
