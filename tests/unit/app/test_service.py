"""What every response of a service has, and what becomes of every error."""

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
    body_of,
    event_alb,
    event_alb_multi,
    event_v1,
    event_v2,
    header_of,
    make_service,
    public,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ai_voice_shared.app import Service
    from ai_voice_shared.testing.context import FakeLambdaContext
    from ai_voice_shared.testing.logs import LogCapture
    from ai_voice_shared.testing.spans import RecordingTracer

pytestmark = pytest.mark.unit

Event = dict[str, Any]


def ask(service: Service, event: Event, context: Any = None) -> dict[str, Any]:
    """Answer an event."""
    return service.app.resolve(event, context)


def test_the_documented_way() -> None:
    """`create_service(name, config).app` is a router."""
    config = get_config("my-service")
    service = create_service("my-service", config)
    app = service.app

    @app.get("/hello")
    def hello() -> dict[str, str]:
        return {"hello": "you"}

    assert body_of(app(event_v2(path="/hello"), None)) == {"hello": "you"}


@SHAPES
def test_one_router_for_all_events(service: Service, shape: Callable[..., Event]) -> None:
    """A route responds to each kind of event, in its shape."""
    response = ask(service, shape(path="/notes/3"))
    assert response["statusCode"] == 200
    assert body_of(response) == {"title": "short", "stars": 3}


@SHAPES
def test_the_query_reaches_the_route(service: Service, shape: Callable[..., Event]) -> None:
    """Parameters are parsed by their types."""
    query = {"rawQueryString": "verbose=true", "queryStringParameters": {"verbose": "true"}}
    assert body_of(ask(service, shape(path="/notes/3", **query)))["title"] == "verbose"


@SHAPES
@pytest.mark.parametrize("path", ["/notes/3", "/notes/x", "/raise/unknown", "/nowhere"])
def test_the_correlation_id_comes_back(service: Service, shape: Callable[..., Event], path: str) -> None:
    """The id that came in goes out, also with an error."""
    assert header_of(ask(service, shape(path=path)), "x-correlation-id") == "order-7"


def test_without_an_id_there_is_one(service: Service) -> None:
    """API Gateway's request id serves, else a new one."""
    event = event_v2(path="/live")
    event["headers"] = {}
    assert header_of(ask(service, event), "x-correlation-id") == "r-1"
    assert len(header_of(ask(service, {}), "x-correlation-id") or "") == 36


@SHAPES
def test_security_headers_are_on_every_response(service: Service, shape: Callable[..., Event]) -> None:
    """Answers of routes, of errors and of nothing have them."""
    for path in ("/notes/3", "/raise/unknown", "/nowhere"):
        response = ask(service, shape(path=path))
        assert header_of(response, "x-content-type-options") == "nosniff"
        assert header_of(response, "strict-transport-security")
        assert header_of(response, "cache-control") == "no-store"


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
    """Whatever is raised becomes problem details of its status and code."""
    response = ask(service, shape(path=path))
    problem = body_of(response)
    assert response["statusCode"] == problem["status"] == status
    assert header_of(response, "content-type") == "application/problem+json"
    assert (problem["code"], problem["correlation_id"]) == (code, "order-7")


def test_details_reach_the_caller(service: Service) -> None:
    """A conflict's details, a limit's seconds and a field's place are told."""
    assert body_of(ask(service, event_v2(path="/raise/conflict")))["errors"] == [{"by": "editor"}]
    limited = ask(service, event_v2(path="/raise/limited"))
    assert header_of(limited, "retry-after") == "3"
    wrong = ask(service, event_v2("POST", "/notes", body=json.dumps({"title": 7})))
    assert body_of(wrong)["errors"] == [{"loc": ["body", "title"], "type": "string_type"}]


def test_what_went_wrong_inside_is_not_told(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the response nor the log has the text of an unknown error; the log has where it came from."""
    with caplog.at_level(logging.INFO, "ai_voice_shared"):
        response = ask(service, event_v2(path="/raise/unknown"))
    written = [vars(record) for record in caplog.records]
    assert PERSONAL not in json.dumps(response)
    assert PERSONAL not in json.dumps(written, default=str)
    failed = next(line for line in written if line["msg"] == "the request failed")
    assert failed["error_type"] == "ValueError"
    assert any("conftest.py" in frame and "fail" in frame for frame in failed["stack"])


def test_one_line_for_each_request(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """The line has the pattern of the route, and nothing of the path, the query or the body."""
    with caplog.at_level(logging.INFO, "ai_voice_shared"):
        ask(service, event_v2(path="/names/zebedee", rawQueryString="phone=61400"))
    (line,) = [vars(record) for record in caplog.records if record.msg == "request"]
    assert (line["http_method"], line["http_route"], line["http_status"]) == ("GET", "/names/{name}", 200)
    assert line["duration_ms"] >= 0
    assert "zebedee" not in json.dumps(line, default=str)
    assert "61400" not in json.dumps(line, default=str)


def test_another_method_is_405(service: Service) -> None:
    """A path with routes says which methods it takes."""
    response = ask(service, event_v2("PATCH", "/notes"))
    assert (response["statusCode"], header_of(response, "allow")) == (405, "POST")
    assert header_of(ask(service, event_v2("PATCH", "/notes/3")), "allow") == "GET, HEAD"


@SHAPES
def test_head_is_get(service: Service, shape: Callable[..., Event], caplog: pytest.LogCaptureFixture) -> None:
    """A GET route responds to HEAD as well; the log line has the method that came."""
    with caplog.at_level(logging.INFO, "ai_voice_shared"):
        assert ask(service, shape("HEAD", "/notes/3"))["statusCode"] == 200
    (line,) = [vars(record) for record in caplog.records if record.msg == "request"]
    assert (line["http_method"], line["http_route"]) == ("HEAD", "/notes/{note_id}")
    assert ask(service, shape("HEAD", "/notes"))["statusCode"] == 405


def test_a_head_route_of_its_own() -> None:
    """A route for HEAD comes before the one for GET."""
    service = make_service()

    @service.app.head("/names/<name>")
    def exists(name: str) -> Response[str]:
        return Response(204, body="", headers={"X-Name": name})

    response = ask(service, event_v2("HEAD", "/names/a"))
    assert (response["statusCode"], header_of(response, "x-name")) == (204, "a")


@SHAPES
def test_a_form_where_json_is_expected_is_415(shape: Callable[..., Event]) -> None:
    """A route whose body is JSON refuses a form as such; a route with form fields reads it."""
    service = make_service()

    @service.app.post("/forms")
    def read_form(title: Annotated[str, Form()]) -> dict[str, str]:
        return {"title": title}

    form = {"body": "title=x&stars=y", "headers": {"content-type": "application/x-www-form-urlencoded"}}
    response = ask(service, shape("POST", "/notes", **form))
    assert (response["statusCode"], body_of(response)["code"]) == (415, "unsupported_media_type")
    assert body_of(ask(service, shape("POST", "/forms", **form))) == {"title": "x"}
    form["body"] = "titel=x"
    assert ask(service, shape("POST", "/forms", **form))["statusCode"] == 422


@SHAPES
@pytest.mark.parametrize("rule", ["/kept/", "/kept"])
def test_a_slash_at_the_end_of_a_rule(shape: Callable[..., Event], rule: str) -> None:
    """It makes no difference, neither in the rule nor in the path."""
    service = make_service()

    @service.app.get(rule)
    def read_kept() -> dict[str, str]:
        return {}

    assert [ask(service, shape(path=path))["statusCode"] for path in ("/kept", "/kept/")] == [200, 200]


@pytest.mark.parametrize("event", [{}, {"phone_number": "x"}, [], None, {"requestContext": {}}, {"Records": []}])
def test_what_is_no_request_is_400(service: Service, event: Any) -> None:
    """An event of another kind has a response, and raises nothing."""
    response = ask(service, event)
    assert (response["statusCode"], body_of(response)["code"]) == (400, "invalid_payload")


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
    ids=["cut off", "empty", "deep", "NaN", "a long number", "no base64", "no UTF-8"],
)
def test_a_body_that_cannot_be_read_is_the_caller_s_mistake(
    service: Service,
    body: str,
    encoded: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """It is 400 or 422, never 500."""
    response = ask(service, event_v2("POST", "/notes", body=body, isBase64Encoded=encoded))
    assert response["statusCode"] in {400, 422}


def test_a_body_is_decoded(service: Service) -> None:
    """A base64 body of a function URL is the body."""
    body = base64.b64encode(json.dumps({"title": "Grüße"}).encode()).decode()
    response = ask(service, event_v2("POST", "/notes", body=body, isBase64Encoded=True))
    assert (response["statusCode"], body_of(response)["title"]) == (201, "Grüße")


def test_another_content_type_is_415(service: Service) -> None:
    """A body that is neither JSON nor a form is refused as such."""
    response = ask(service, event_v2("POST", "/notes", body="<a/>", headers={"content-type": "application/xml"}))
    assert (response["statusCode"], body_of(response)["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_multipart_body_without_a_boundary_is_400(service: Service, content_type: str) -> None:
    """It cannot be taken apart."""
    response = ask(service, event_v2("POST", "/notes", body="--x", headers={"content-type": content_type}))
    assert response["statusCode"] == 400


def test_a_large_body_is_413() -> None:
    """What is over the limit is not read."""
    service = make_service(max_body_bytes=100)
    response = ask(service, event_v2("POST", "/notes", body=json.dumps({"title": "x" * 100})))
    assert response["statusCode"] == 413
    assert header_of(response, "x-correlation-id") == "order-7"


@pytest.mark.parametrize("shape", [event_alb, event_alb_multi])
def test_plain_http_is_refused(shape: Callable[..., Event]) -> None:
    """What a load balancer took in over HTTP is refused, unless the settings let it in."""
    event = shape(path="/live", headers={"x-forwarded-proto": "http"})
    response = ask(make_service(), event)
    assert (response["statusCode"], body_of(response)["code"]) == (403, "https_required")
    assert ask(make_service(https_only=False), event)["statusCode"] == 200


def test_a_load_balancer_gets_a_body(service: Service) -> None:
    """A response without a body would be a 502 of the load balancer's own."""
    assert ask(service, event_alb("OPTIONS", "/notes"))["body"] == ""


def test_a_page_of_another_origin() -> None:
    """Preflights and responses name the origin that may call, and no other."""
    service = make_service()
    allowed = {"origin": "https://app.example.com"}
    preflight = ask(service, event_v2("OPTIONS", "/notes", headers=allowed))
    assert preflight["statusCode"] == 204
    assert header_of(preflight, "access-control-allow-origin") == "https://app.example.com"
    assert "POST" in (header_of(preflight, "access-control-allow-methods") or "")
    assert "X-Correlation-Id" in (header_of(preflight, "access-control-allow-headers") or "")
    for path in ("/notes/3", "/notes/x", "/raise/unknown"):
        response = ask(service, event_v2(path=path, headers=allowed))
        assert header_of(response, "access-control-allow-origin") == "https://app.example.com"
        assert header_of(response, "vary") == "Origin"
    other = ask(service, event_v2(path="/notes/3", headers={"origin": "https://evil.example"}))
    assert header_of(other, "access-control-allow-origin") is None


def test_an_early_refusal_is_a_page_s_business_too() -> None:
    """A page may read a 413 as well."""
    service = make_service(max_body_bytes=1)
    response = ask(service, event_v2("POST", "/notes", body="{}", headers={"origin": "https://app.example.com"}))
    assert response["statusCode"] == 413
    assert header_of(response, "access-control-allow-origin") == "https://app.example.com"


def test_without_origins_there_is_no_cors() -> None:
    """No origin may call unless it is named."""
    response = ask(make_service(ApiSettings(cors_origins=[])), event_v2(headers={"origin": "https://a.example"}))
    assert header_of(response, "access-control-allow-origin") is None


def test_a_user_by_dependency(service: Service) -> None:
    """A route that asks for the user gets one, or responds 401 with the challenge."""
    token = public().create_tokens(user_id="user-1").access_token
    known = ask(service, event_v2(path="/me", headers={"authorization": f"Bearer {token}"}))
    assert body_of(known) == {"user_id": "user-1"}
    unknown = ask(service, event_v2(path="/me", headers={"authorization": "Bearer x"}))
    assert (unknown["statusCode"], body_of(unknown)["code"]) == (401, "invalid_token")
    assert (header_of(unknown, "www-authenticate") or "").startswith("Bearer")


def test_a_limit_for_each_caller() -> None:
    """One caller's requests do not count for another; monitors are not counted."""
    service = make_service(rate_limit=2, rate_limit_window=86_400)
    statuses = [ask(service, event_v2(path="/notes/3"))["statusCode"] for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert header_of(ask(service, event_v2(path="/notes/3")), "retry-after")
    assert ask(service, event_v2(path="/notes/3", source_ip="203.0.113.8"))["statusCode"] == 200
    assert ask(service, event_v2(path="/live"))["statusCode"] == 200


@pytest.mark.parametrize("shape", [event_alb, event_alb_multi])
def test_a_forwarded_address_is_the_load_balancer_s(shape: Callable[..., Event]) -> None:
    """What the caller wrote into the header himself does not make him somebody else."""
    service = make_service(rate_limit=1, rate_limit_window=86_400)
    for claimed, status in (("10.0.0.1", 200), ("10.0.0.2", 429)):
        event = shape(path="/notes/3", headers={"x-forwarded-for": f"{claimed}, 203.0.113.7"})
        assert ask(service, event)["statusCode"] == status


def test_a_limit_for_one_route() -> None:
    """`middlewares=[service.rate_limit(...)]` limits that route alone."""
    service = make_service()

    @service.app.post("/login", middlewares=[service.rate_limit(1, 86_400)])
    def login() -> dict[str, str]:
        return {}

    assert [ask(service, event_v2("POST", "/login"))["statusCode"] for _ in range(2)] == [200, 429]
    assert ask(service, event_v2(path="/notes/3"))["statusCode"] == 200


def test_a_coroutine_route(service: Service, lambda_context: FakeLambdaContext) -> None:
    """A route may be a coroutine function; it sees the correlation id and the deadline of its own request."""
    for correlation_id in ("one", "two"):
        event = event_v2(path="/async", headers={"x-correlation-id": correlation_id})
        assert body_of(ask(service, event, lambda_context)) == {"correlation_id": correlation_id, "has_deadline": True}


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_resolving_where_a_loop_runs(service: Service) -> None:
    """`resolve_async` gives the same responses."""
    for path, status in (("/async", 200), ("/notes/3", 200), ("/nowhere", 404), ("/raise/unknown", 500)):
        response = await service.app.resolve_async(event_v2(path=path), None)
        assert response["statusCode"] == status
        assert header_of(response, "x-correlation-id") == "order-7"


def test_requests_at_the_same_time_do_not_mix(service: Service) -> None:
    """The local server resolves requests in threads: each request has its own event."""
    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(lambda n: ask(service, event_v2(path=f"/names/n{n}")), range(100)))
    assert [body_of(response)["name"] for response in responses] == [f"n{n}" for n in range(100)]


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (event_v2(path="/prod/names/a", stage="prod"), "a"),
        (event_v2(path="/names/a", stage="prod"), "a"),
        (event_v2(path="/names/a%20b"), "a b"),
        (event_v2(path="/names/Gr%C3%BC%C3%9Fe/"), "Grüße"),
        (event_v1(path="/names/a/"), "a"),
    ],
    ids=["a stage", "a custom domain", "a space", "not ASCII", "a slash at the end"],
)
def test_paths(service: Service, event: Event, name: str) -> None:
    """Stages, custom domains, encoded characters and a slash at the end lead to the same route."""
    assert body_of(ask(service, event)) == {"name": name}


def test_the_handler_of_lambda(lambda_logs: LogCapture, lambda_context: FakeLambdaContext) -> None:
    """`service.handler` responds, and logs JSON lines with the service, the request id and the correlation id."""
    response = make_service().handler(event_v2(path="/notes/3"), lambda_context)
    assert response["statusCode"] == 200
    (line,) = lambda_logs.named("request")
    assert line["service"] == "note-service"
    assert line["function_request_id"] == lambda_context.aws_request_id
    assert line["correlation_id"] == "order-7"


def test_a_request_is_a_span(service: Service, traces: RecordingTracer) -> None:
    """The span has the service, the correlation id, the pattern of the route and the status; never the path."""
    ask(service, event_v2(path="/names/zebedee"))
    (span,) = traces.named("## request")
    assert span.annotations == {
        "Service": "note-service",
        "correlation_id": "order-7",
        "route": "/names/{name}",
        "status": 200,
    }


def test_health_is_that_of_the_components() -> None:
    """A critical component that fails takes the traffic away, another one is only shown; the process lives on."""
    service = make_service()

    def broken() -> None:
        raise ConnectionError(PERSONAL)

    service.health.register("bucket", lambda: True)
    service.health.register("extra", broken, critical=False)
    assert [ask(service, event_v2(path=path))["statusCode"] for path in ("/live", "/ready", "/health")] == [200] * 3
    service.health.register("database", broken)
    responses = {path: ask(service, event_v2(path=path)) for path in ("/live", "/ready", "/health")}
    assert [response["statusCode"] for response in responses.values()] == [200, 503, 503]
    status = body_of(responses["/health"])
    assert status["service"] == "note-service"
    assert {name: one["status"] for name, one in status["components"].items()} == {
        "bucket": "healthy",
        "extra": "unhealthy",
        "database": "unhealthy",
    }
    assert PERSONAL not in responses["/health"]["body"]


def test_requests_are_measured(capsys: pytest.CaptureFixture[str], lambda_context: FakeLambdaContext) -> None:
    """Each invocation writes count, duration and errors by route; monitors are not counted."""
    service = make_service()
    for path in ("/names/zebedee", "/raise/unknown", "/live"):
        service.handler(event_v2(path=path), lambda_context)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    measured = [line for line in lines if "_aws" in line and "endpoint" in line]
    assert sorted(line["endpoint"] for line in measured) == ["/names/{name}", "/raise/{kind}"]
    assert [line["endpoint"] for line in measured if "api.errors" in line] == ["/raise/{kind}"]
    assert all(line["api.count"] == [1.0] and line["service"] == "note-service" for line in measured)
    assert "zebedee" not in json.dumps(measured)


def test_measuring_can_be_left_out(capsys: pytest.CaptureFixture[str], lambda_context: FakeLambdaContext) -> None:
    """With API_METRICS=false there are none."""
    make_service(metrics=False).handler(event_v2(path="/names/a"), lambda_context)
    assert "_aws" not in capsys.readouterr().out


def test_debugging_shows_what_went_wrong_but_never_in_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    """With API_DEBUG=true a local server tells the error and where it came from; a function does not."""
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    event = event_v2(path="/raise/unknown")
    problem = body_of(ask(make_service(ApiSettings(debug=True)), event))
    assert problem["detail"] == f"ValueError: {PERSONAL}"
    assert any("conftest.py" in frame for frame in problem["stack"])
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "note-service")
    assert PERSONAL not in ask(make_service(ApiSettings(debug=True)), event)["body"]


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
def test_an_event_of_any_shape_has_a_response(event: Event) -> None:
    """A direct invoke can have anything in the places of headers and context."""
    service = make_service()
    assert ask(service, event)["statusCode"] == 400


@pytest.mark.parametrize("nothing", [0, "", None, []])
def test_an_event_without_headers(service: Service, nothing: object) -> None:
    """Whatever stands for no headers is none."""
    event = {"requestContext": {"http": {"method": "GET"}}, "rawPath": "/live", "headers": nothing}
    assert ask(service, event)["statusCode"] == 200


def test_routes_of_a_router() -> None:
    """Powertools' `Router` brings its routes, coroutine functions among them, and sees the request."""
    service, router = make_service(), Router()  # type: ignore[no-untyped-call] # Powertools leaves it unannotated

    @router.get("/items/<item_id>")
    async def item(item_id: str) -> dict[str, str]:
        return {"item_id": item_id, "path": router.current_event.path}

    service.app.include_router(router, prefix="/shop")
    assert body_of(ask(service, event_v2(path="/shop/items/7"))) == {"item_id": "7", "path": "/shop/items/7"}
    assert header_of(ask(service, event_v2("PUT", "/shop/items/7")), "allow") == "GET, HEAD"


def test_nothing_private_of_powertools_is_replaced() -> None:
    """An upgrade of Powertools cannot give a meaning to a private name that is used here."""
    inherited = {name for kind in ServiceResolver.__mro__[1:] for name in vars(kind)}
    inherited |= vars(APIGatewayRestResolver()).keys()
    private = {name for name in vars(ServiceResolver) if name.startswith("_") and not name.startswith("__")}
    assert private & inherited <= {"_abc_impl"}


def test_what_a_route_varies_by_is_kept() -> None:
    """A cache has to know both."""
    service = make_service(api=ApiSettings(cors_origins=["https://a.example"]))

    @service.app.get("/one")
    def one() -> Response[str]:
        return Response(200, "text/plain", "x", headers={"vary": "Accept-Language"})

    @service.app.get("/any")
    def any_() -> Response[str]:
        return Response(200, "text/plain", "x", headers={"Vary": "*"})

    told = [header_of(ask(service, event_v2(path=path)), "vary") for path in ("/one", "/any", "/none")]
    assert told == ["Accept-Language, Origin", "*", "Origin"]


def test_a_wait_without_an_end_is_not_told() -> None:
    """It is neither JSON nor a header's value, and the error keeps its status."""
    service = make_service()

    @service.app.get("/busy")
    def busy() -> dict[str, str]:
        raise ServiceUnavailableError("busy", service="other", retry_after=float("inf"))

    response = ask(service, event_v2(path="/busy"))
    assert response["statusCode"] == 503
    assert header_of(response, "retry-after") is None
    assert "retry_after" not in body_of(response)
    assert retry_after_seconds({"retry-after": "9" * 400}) == 31_536_000


def test_an_origin_named_beside_any_varies_the_response() -> None:
    """A response that names the origin is not for another."""
    service = make_service(api=ApiSettings(cors_origins=["*", "https://a.example"]))
    response = ask(service, event_v2(path="/notes/1", headers={"origin": "https://a.example"}))
    assert header_of(response, "access-control-allow-origin") == "https://a.example"
    assert header_of(response, "vary") == "Origin"
