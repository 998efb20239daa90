"""The managers, and their use in Powertools' event handler."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from aws_lambda_powertools.event_handler import (
    ALBResolver,
    APIGatewayHttpResolver,
    APIGatewayRestResolver,
    Depends,
)

from ai_voice_shared.auth import (
    InMemoryApiKeyStore,
    InternalAuthManager,
    PublicAuthManager,
    ServiceIdentity,
    TokenPurpose,
    UserIdentity,
    answer_auth_errors,
)
from ai_voice_shared.errors import AuthenticationError, InvalidTokenError

if TYPE_CHECKING:
    from ai_voice_shared.auth import TokenManager

pytestmark = pytest.mark.unit


def http_event(**headers: str) -> dict[str, Any]:
    """Create an event of an HTTP API."""
    return {
        "version": "2.0",
        "rawPath": "/me",
        "rawQueryString": "",
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {"http": {"method": "GET", "path": "/me"}, "stage": "$default"},
        "isBase64Encoded": False,
    }


@pytest.fixture
def public(tokens: TokenManager) -> PublicAuthManager:
    """Create a manager for users."""
    return PublicAuthManager(tokens)


@pytest.fixture
def internal() -> InternalAuthManager:
    """Create a manager for services."""
    return InternalAuthManager(InMemoryApiKeyStore())


def test_login_and_refresh(public: PublicAuthManager) -> None:
    """A login returns two tokens, the refresh token yields two new ones, and neither is accepted as the other."""
    pair = public.create_tokens(user_id="123", email="user@example.com", claims={"role": "admin"})
    user = public.authenticate(pair.access_token)
    assert (user.user_id, user.email, user.claims["role"]) == ("123", "user@example.com", "admin")
    assert (pair.expires_in, pair.token_type) == (1800, "Bearer")
    renewed = public.refresh(pair.refresh_token)
    assert public.verify(renewed.access_token) == user
    assert public.verify(pair.refresh_token) is None
    with pytest.raises(InvalidTokenError):
        public.refresh(pair.access_token)


def test_repr_shows_neither_tokens_nor_address(public: PublicAuthManager) -> None:
    """The reprs of a token pair and a user, which may be logged, contain neither tokens nor the email address."""
    pair = public.create_tokens(user_id="123", email="user@example.com")
    user = public.authenticate(pair.access_token)
    assert pair.access_token not in repr(pair)
    assert pair.refresh_token not in repr(pair)
    assert "example.com" not in repr(user)


@pytest.mark.usefixtures("environment")
def test_without_arguments_the_environment_is_used() -> None:
    """A manager without arguments takes the secret from the environment."""
    manager = PublicAuthManager()
    assert manager.authenticate(manager.create_tokens(user_id="1").access_token).user_id == "1"


def create_app(manager: PublicAuthManager | InternalAuthManager, *, validation: bool) -> APIGatewayHttpResolver:
    """Create a service whose route depends on the caller's identity."""
    app = APIGatewayHttpResolver(enable_validation=validation)
    answer_auth_errors(app)
    if isinstance(manager, PublicAuthManager):
        user_dependency = manager.dependency()

        def me(user: UserIdentity) -> dict[str, str]:
            return {"user_id": user.user_id}

        me.__annotations__ = {"user": Annotated[UserIdentity, Depends(user_dependency)], "return": dict[str, str]}
    else:
        service_dependency = manager.dependency(scopes=["lookup"])

        def me(service: ServiceIdentity) -> dict[str, str]:  # type: ignore[misc]
            return {"service": service.service}

        me.__annotations__ = {
            "service": Annotated[ServiceIdentity, Depends(service_dependency)],
            "return": dict[str, str],
        }
    app.get("/me")(me)
    return app


@pytest.mark.parametrize("validation", [False, True])
def test_a_user_as_a_dependency(public: PublicAuthManager, *, validation: bool) -> None:
    """A valid token reaches the route, an invalid one gets a 401 with a challenge, and OpenAPI still works."""
    app = create_app(public, validation=validation)
    valid = public.create_tokens(user_id="123").access_token
    response = app.resolve(http_event(authorization=f"Bearer {valid}"), None)  # type: ignore[arg-type]
    assert (response["statusCode"], json.loads(response["body"])) == (200, {"user_id": "123"})
    refused = app.resolve(http_event(authorization=f"Bearer {valid[:-5]}"), None)  # type: ignore[arg-type]
    assert refused["statusCode"] == 401
    assert json.loads(refused["body"])["code"] == "invalid_token"
    assert refused["headers"]["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
    assert refused["headers"]["Content-Type"] == "application/problem+json"
    if validation:
        assert "/me" in app.get_openapi_json_schema()


@pytest.mark.parametrize("validation", [False, True])
def test_a_service_as_a_dependency(internal: InternalAuthManager, *, validation: bool) -> None:
    """A valid key reaches the route, one without the scope gets a 403, a missing or invalid one a 401."""
    app = create_app(internal, validation=validation)
    valid, other = (internal.create_key("webhook", scopes=scopes).key for scopes in (["lookup"], ["events"]))
    response = app.resolve(http_event(x_api_key=valid), None)  # type: ignore[arg-type]
    assert (response["statusCode"], json.loads(response["body"])) == (200, {"service": "webhook"})
    assert app.resolve(http_event(x_api_key=other), None)["statusCode"] == 403  # type: ignore[arg-type]
    assert app.resolve(http_event(x_api_key=valid + "x"), None)["statusCode"] == 401  # type: ignore[arg-type]
    assert app.resolve(http_event(), None)["statusCode"] == 401  # type: ignore[arg-type]


def test_a_user_by_middleware(public: PublicAuthManager) -> None:
    """The middleware sets the user in the route's context, and clears it for the next request."""
    app = APIGatewayHttpResolver()
    answer_auth_errors(app)
    calls: list[str] = []

    @app.get("/me", middlewares=[public.middleware()])
    def me() -> dict[str, str]:
        calls.append(app.context["user"].user_id)
        if len(calls) > 1:
            raise RuntimeError
        return {"user_id": app.context["user"].user_id}

    valid = http_event(Authorization=f"bearer {public.create_tokens(user_id='123').access_token}")
    assert app.resolve(valid, None)["statusCode"] == 200  # type: ignore[arg-type]
    assert app.resolve(http_event(), None)["statusCode"] == 401  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        app.resolve(valid, None)  # type: ignore[arg-type]
    assert "user" not in app.context
    assert calls == ["123", "123"]


def test_an_expired_token_is_reported(public: PublicAuthManager, tokens: TokenManager) -> None:
    """The response to an expired token has its own code, so that the client refreshes."""
    app = create_app(public, validation=False)
    token = tokens.create(TokenPurpose.ACCESS, user_id="1", expires_in=0)
    response = app.resolve(http_event(authorization=f"Bearer {token}"), None)  # type: ignore[arg-type]
    assert json.loads(response["body"])["code"] == "expired_token"
    assert "the token is expired" in response["headers"]["WWW-Authenticate"]


def test_a_service_by_middleware_on_a_rest_api(internal: InternalAuthManager) -> None:
    """A REST API's event repeats each header in a list; two different values are refused."""
    app = APIGatewayRestResolver()
    answer_auth_errors(app)

    @app.get("/me", middlewares=[internal.middleware()])
    def me() -> dict[str, str]:
        return {"service": app.context["service"].service}

    key, other = internal.create_key("webhook").key, internal.create_key("other").key
    event = {
        "path": "/me",
        "httpMethod": "GET",
        "headers": {"X-Api-Key": key},
        "multiValueHeaders": {"X-Api-Key": [key]},
        "requestContext": {},
    }
    assert app.resolve(event, None)["statusCode"] == 200  # type: ignore[arg-type]
    twice = {**event, "multiValueHeaders": {"X-Api-Key": [other, key]}}
    assert app.resolve(twice, None)["statusCode"] == 401  # type: ignore[arg-type]


def test_a_service_behind_a_load_balancer(internal: InternalAuthManager) -> None:
    """The key is found in an ALB event that has multi-value headers only."""
    app = ALBResolver()

    @app.get("/me", middlewares=[internal.middleware()])
    def me() -> dict[str, str]:
        return {"service": app.context["service"].service}

    event = {
        "path": "/me",
        "httpMethod": "GET",
        "multiValueHeaders": {"x-api-key": [internal.create_key("webhook").key]},
        "requestContext": {"elb": {}},
    }
    assert app.resolve(event, None)["statusCode"] == 200  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "token"])
def test_a_missing_bearer_token_raises(public: PublicAuthManager, value: str) -> None:
    """Another scheme and an empty token raise an authentication error, which passes through an app without handlers."""
    app = APIGatewayHttpResolver()

    @app.get("/me", middlewares=[public.middleware()])
    def me() -> dict[str, str]:
        raise AssertionError

    with pytest.raises(AuthenticationError):
        app.resolve(http_event(authorization=value), None)  # type: ignore[arg-type]
