"""The managers, and their place in Powertools' event handler."""

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
    """Make an event of an HTTP API."""
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
    """Make a manager for users."""
    return PublicAuthManager(tokens)


@pytest.fixture
def internal() -> InternalAuthManager:
    """Make a manager for services."""
    return InternalAuthManager(InMemoryApiKeyStore())


def test_login_and_refresh(public: PublicAuthManager) -> None:
    """A login gives two tokens, the second gives two new ones, and neither stands for the other."""
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
    """Both may end up in a log."""
    pair = public.create_tokens(user_id="123", email="user@example.com")
    user = public.authenticate(pair.access_token)
    assert pair.access_token not in repr(pair)
    assert pair.refresh_token not in repr(pair)
    assert "example.com" not in repr(user)


@pytest.mark.usefixtures("environment")
def test_without_arguments_the_environment_is_used() -> None:
    """The secret comes from there."""
    manager = PublicAuthManager()
    assert manager.authenticate(manager.create_tokens(user_id="1").access_token).user_id == "1"


def app_by_dependency(manager: PublicAuthManager | InternalAuthManager, *, validation: bool) -> APIGatewayHttpResolver:
    """Make a service whose route depends on who is asking."""
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
    """A good token reaches the route, a bad one is answered with 401 and a challenge; OpenAPI is made all the same."""
    app = app_by_dependency(public, validation=validation)
    good = public.create_tokens(user_id="123").access_token
    answer = app.resolve(http_event(authorization=f"Bearer {good}"), None)  # type: ignore[arg-type]
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"user_id": "123"})
    refused = app.resolve(http_event(authorization=f"Bearer {good[:-5]}"), None)  # type: ignore[arg-type]
    assert refused["statusCode"] == 401
    assert json.loads(refused["body"])["code"] == "invalid_token"
    assert refused["headers"]["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
    assert refused["headers"]["Content-Type"] == "application/problem+json"
    if validation:
        assert "/me" in app.get_openapi_json_schema()


@pytest.mark.parametrize("validation", [False, True])
def test_a_service_as_a_dependency(internal: InternalAuthManager, *, validation: bool) -> None:
    """A good key reaches the route, one for something else is answered with 403, none with 401."""
    app = app_by_dependency(internal, validation=validation)
    good, other = (internal.create_key("webhook", scopes=scopes).key for scopes in (["lookup"], ["events"]))
    answer = app.resolve(http_event(x_api_key=good), None)  # type: ignore[arg-type]
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"service": "webhook"})
    assert app.resolve(http_event(x_api_key=other), None)["statusCode"] == 403  # type: ignore[arg-type]
    assert app.resolve(http_event(x_api_key=good + "x"), None)["statusCode"] == 401  # type: ignore[arg-type]
    assert app.resolve(http_event(), None)["statusCode"] == 401  # type: ignore[arg-type]


def test_a_user_by_middleware(public: PublicAuthManager) -> None:
    """The route finds the user in the context, and the next request does not."""
    app = APIGatewayHttpResolver()
    answer_auth_errors(app)
    calls: list[str] = []

    @app.get("/me", middlewares=[public.middleware()])
    def me() -> dict[str, str]:
        calls.append(app.context["user"].user_id)
        if len(calls) > 1:
            raise RuntimeError
        return {"user_id": app.context["user"].user_id}

    good = http_event(Authorization=f"bearer {public.create_tokens(user_id='123').access_token}")
    assert app.resolve(good, None)["statusCode"] == 200  # type: ignore[arg-type]
    assert app.resolve(http_event(), None)["statusCode"] == 401  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        app.resolve(good, None)  # type: ignore[arg-type]
    assert "user" not in app.context
    assert calls == ["123", "123"]


def test_an_expired_token_is_told(public: PublicAuthManager, tokens: TokenManager) -> None:
    """The client learns that a refresh helps."""
    app = app_by_dependency(public, validation=False)
    token = tokens.create(TokenPurpose.ACCESS, user_id="1", expires_in=0)
    answer = app.resolve(http_event(authorization=f"Bearer {token}"), None)  # type: ignore[arg-type]
    assert json.loads(answer["body"])["code"] == "expired_token"
    assert "the token is expired" in answer["headers"]["WWW-Authenticate"]


def test_a_service_by_middleware_on_a_rest_api(internal: InternalAuthManager) -> None:
    """Version 1 of the event has each header twice, once in a list."""
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
    """With multi-value headers there are no plain ones."""
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
def test_no_bearer_token(public: PublicAuthManager, value: str) -> None:
    """Another scheme and an empty token are the same as none; without a handler for errors the error passes."""
    app = APIGatewayHttpResolver()

    @app.get("/me", middlewares=[public.middleware()])
    def me() -> dict[str, str]:
        raise AssertionError

    with pytest.raises(AuthenticationError):
        app.resolve(http_event(authorization=value), None)  # type: ignore[arg-type]
