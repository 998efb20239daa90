"""A service with a route for each kind of result and error, and events to call it with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.exceptions import BadRequestError
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import BaseModel, ConfigDict

from ai_voice_shared import create_service, get_correlation_id
from ai_voice_shared.auth import PublicAuthManager, TokenManager
from ai_voice_shared.auth.public import UserIdentity  # noqa: TC001 - a route's annotations are read when it runs
from ai_voice_shared.errors import ConflictError, MissingSettingError, NotFoundError, RateLimitedError
from ai_voice_shared.observability.health import HealthRegistry
from ai_voice_shared.settings import ApiSettings, SecuritySettings
from ai_voice_shared.settings.chassis import ChassisSettings
from ai_voice_shared.utils.deadline import current_deadline

if TYPE_CHECKING:
    from ai_voice_shared.app import Service

SECRET = "current-0123456789-abcdefghijklmnop"
PERSONAL = "+61400000000"


class Note(BaseModel):
    """A note. Its validation is strict: true is not a number."""

    model_config = ConfigDict(strict=True)

    title: str
    stars: int = 0


def create_auth_manager() -> PublicAuthManager:
    """Create the manager whose tokens the service accepts."""
    return PublicAuthManager(TokenManager(SecuritySettings(jwt_secrets=[SECRET])))


USER_DEPENDENCY = create_auth_manager().dependency()


def create_note_service(api: ApiSettings | None = None, **settings: Any) -> Service:
    """Create the service."""
    service = create_service(
        "note-service",
        title="Notes",
        api=api or ApiSettings(cors_origins=["https://app.example.com"]),
        chassis=ChassisSettings(**settings),
        health=HealthRegistry(),
    )
    app = service.app

    @app.get("/notes/<note_id>", summary="One note")
    def note(note_id: int, verbose: Annotated[bool, Query()] = False) -> Note:  # noqa: FBT002 - a query parameter
        if note_id == 0:
            kind = "Note"
            raise NotFoundError(kind, note_id)
        return Note(title="verbose" if verbose else "short", stars=note_id)

    @app.post("/notes", status_code=201)
    def create(note: Annotated[Note, Body()]) -> Note:
        return note

    @app.get("/me")
    def me(user: Annotated[UserIdentity, Depends(USER_DEPENDENCY)]) -> dict[str, str]:
        return {"user_id": user.user_id}

    @app.get("/raise/<kind>")
    def fail(kind: str) -> dict[str, str]:
        raise {
            "conflict": ConflictError("it is locked", details=[{"by": "editor"}]),
            "limited": RateLimitedError("slow down", retry_after=2.5),
            "settings": MissingSettingError("secret_name", "S3Settings", ["S3_SECRET_NAME"]),
            "unknown": ValueError(PERSONAL),
            "powertools": BadRequestError("no such colour"),
        }[kind]

    @app.get("/wrong-response")
    def wrong_response() -> Note:
        return {"stars": "many"}  # type: ignore[return-value] # an invalid response is tested

    @app.get("/unwritable")
    def unwritable() -> Response[Any]:
        return Response(200, content_type="application/json", body={"a": object()})

    @app.get("/names/<name>")
    def name(name: str) -> dict[str, str]:
        return {"name": name}

    @app.get("/async")
    async def coroutine() -> dict[str, Any]:
        return {"correlation_id": get_correlation_id(), "has_deadline": current_deadline() is not None}

    return service


def event_v2(method: str = "GET", path: str = "/live", **more: Any) -> dict[str, Any]:
    """Create an event of a function URL."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"x-correlation-id": "order-7", **more.pop("headers", {})},
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": more.pop("source_ip", "203.0.113.7")},
            "stage": more.pop("stage", "$default"),
            "requestId": "r-1",
        },
        "isBase64Encoded": False,
        **more,
    }


def event_v1(method: str = "GET", path: str = "/live", **more: Any) -> dict[str, Any]:
    """Create an event of a REST API."""
    headers = {"X-Correlation-Id": "order-7", **more.pop("headers", {})}
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {
            "stage": "prod",
            "path": f"/prod{path}",
            "requestId": "r-1",
            "identity": {"sourceIp": "203.0.113.7"},
        },
        "body": None,
        "isBase64Encoded": False,
        **more,
    }


def event_alb(method: str = "GET", path: str = "/live", **more: Any) -> dict[str, Any]:
    """Create an event of a load balancer."""
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:0:targetgroup/t/1"}},
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {},
        "headers": {
            "x-correlation-id": "order-7",
            "x-forwarded-proto": "https",
            "x-forwarded-for": "198.51.100.9, 203.0.113.7",
            **more.pop("headers", {}),
        },
        "body": "",
        "isBase64Encoded": False,
        **more,
    }


def event_alb_multi(method: str = "GET", path: str = "/live", **more: Any) -> dict[str, Any]:
    """Create an event of a load balancer whose target group has multi-value headers enabled."""
    event = event_alb(method, path, **more)
    headers, query = event.pop("headers"), event.pop("queryStringParameters")
    return {
        **event,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()},
    }


SHAPES = pytest.mark.parametrize(
    "shape", [event_v2, event_v1, event_alb, event_alb_multi], ids=["v2", "v1", "alb", "alb multi"]
)


def get_header(response: dict[str, Any], name: str) -> str | None:
    """Return a header of a response in any format."""
    found = {key.lower(): value for key, value in (response.get("headers") or {}).items()}
    found |= {key.lower(): value[-1] for key, value in (response.get("multiValueHeaders") or {}).items()}
    return found.get(name.lower())


def get_body(response: dict[str, Any]) -> Any:
    """Parse the body of a response."""
    return json.loads(response["body"])


@pytest.fixture(scope="module")
def service() -> Service:
    """Return the service."""
    return create_note_service()
