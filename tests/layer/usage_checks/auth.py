"""Authentication: tokens and passwords with both layers, API keys with the core layer only."""

from __future__ import annotations

import os
from typing import Any

from .registry import checks_usage
from .tables import new_table

__all__: list[str] = []

_SECRET = "a secret of this check that is long enough"


def _configure() -> None:
    os.environ["JWT_SECRETS"] = _SECRET


def _raises(kind: type[BaseException], call: Any) -> None:
    try:
        call()
    except kind:
        return
    raise AssertionError(kind)


@checks_usage("auth.create_access_token")
def an_access_token_says_who() -> None:
    """An access token is created by the documents' call."""
    from ai_voice_shared.auth import create_access_token

    _configure()
    assert create_access_token(user_id="123", email="user@example.com").count(".") == 2


@checks_usage("auth.verify_token")
def a_good_token_gives_its_payload() -> None:
    """A valid token is verified; for any other the result is None."""
    from ai_voice_shared.auth import create_access_token, verify_token

    _configure()
    token = create_access_token(user_id="123")
    payload = verify_token(token)
    assert payload is not None
    assert payload["user_id"] == "123"
    assert verify_token(token[:-4]) is None


@checks_usage("auth.decode_token")
def a_bad_token_raises() -> None:
    """A token that is not valid raises an error with the reason."""
    from ai_voice_shared.auth import create_access_token, decode_token
    from ai_voice_shared.errors import ExpiredTokenError, InvalidTokenError

    _configure()
    assert decode_token(create_access_token(user_id="123"))["user_id"] == "123"
    _raises(ExpiredTokenError, lambda: decode_token(create_access_token(user_id="123", expires_in=-60)))
    _raises(InvalidTokenError, lambda: decode_token("a.b.c"))


def _of_purpose(create: Any, purpose: str) -> None:
    from ai_voice_shared.auth import verify_token

    _configure()
    token = create(user_id="123", email="user@example.com")
    assert verify_token(token) is None
    payload = verify_token(token, purpose=purpose)
    assert payload is not None
    assert payload["user_id"] == "123"


@checks_usage("auth.create_refresh_token")
def a_refresh_token_is_no_access_token() -> None:
    """A token of one purpose is refused for any other."""
    from ai_voice_shared.auth import create_refresh_token

    _of_purpose(create_refresh_token, "refresh")


@checks_usage("auth.create_password_reset_token")
def a_password_reset_token_is_no_access_token() -> None:
    """A token of one purpose is refused for any other."""
    from ai_voice_shared.auth import create_password_reset_token

    _of_purpose(create_password_reset_token, "password_reset")


@checks_usage("auth.create_email_verification_token")
def an_email_verification_token_is_no_access_token() -> None:
    """A token of one purpose is refused for any other."""
    from ai_voice_shared.auth import create_email_verification_token

    _of_purpose(create_email_verification_token, "email_verification")


def _token() -> str:
    from ai_voice_shared.auth import create_access_token

    _configure()
    return create_access_token(user_id="123", email="user@example.com", expires_in=600)


@checks_usage("auth.get_user_id_from_token")
def the_user_of_a_token() -> None:
    """Or None."""
    from ai_voice_shared.auth import get_user_id_from_token

    assert (get_user_id_from_token(_token()), get_user_id_from_token("x")) == ("123", None)


@checks_usage("auth.get_email_from_token")
def the_email_of_a_token() -> None:
    """Or None."""
    from ai_voice_shared.auth import get_email_from_token

    assert (get_email_from_token(_token()), get_email_from_token("x")) == ("user@example.com", None)


@checks_usage("auth.get_token_expiration")
def the_end_of_a_token() -> None:
    """The expiration is ten minutes from now."""
    from datetime import UTC, datetime

    from ai_voice_shared.auth import get_token_expiration

    end = get_token_expiration(_token())
    assert end is not None
    assert 500 < (end - datetime.now(UTC)).total_seconds() <= 600


@checks_usage("auth.is_token_expired")
def whether_a_token_has_ended() -> None:
    """A valid token has not expired."""
    from ai_voice_shared.auth import create_access_token, is_token_expired

    assert not is_token_expired(_token())
    assert is_token_expired(create_access_token(user_id="123", expires_in=-60))


@checks_usage("auth.default_tokens.default_token_manager", "auth.TokenManager")
def the_process_has_one_manager() -> None:
    """Tokens are signed with the secrets of the environment; without a secret nothing is signed."""
    from ai_voice_shared.auth import TokenManager, TokenPurpose
    from ai_voice_shared.auth.default_tokens import default_token_manager

    _configure()
    manager = default_token_manager()
    assert isinstance(manager, TokenManager)
    assert manager.decode(manager.create(TokenPurpose.ACCESS, user_id="1"))["user_id"] == "1"


@checks_usage("PublicAuthManager")
def a_user_logs_in() -> None:
    """A user gets a token pair, is identified by one token and refreshes with the other."""
    from ai_voice_shared import PublicAuthManager
    from ai_voice_shared.auth import UserIdentity

    _configure()
    manager = PublicAuthManager()
    pair = manager.create_tokens(user_id="123", email="user@example.com")
    assert manager.authenticate(pair.access_token) == UserIdentity("123", "user@example.com")
    assert manager.verify(manager.refresh(pair.refresh_token).access_token) is not None
    assert manager.verify(pair.refresh_token) is None


@checks_usage("auth.PasswordVerification", "auth.TokenPair", "auth.UserIdentity")
def what_others_are_told_of_a_login() -> None:
    """No token, hash or address is in a repr; a verification is true if the password matches."""
    from ai_voice_shared.auth import PasswordVerification, TokenPair, UserIdentity

    assert "secret" not in repr(TokenPair("secret-1", "secret-2", 600))
    assert "user@" not in repr(UserIdentity("123", "user@example.com"))
    assert PasswordVerification(valid=True, new_hash="secret").needs_upgrade
    assert not PasswordVerification(valid=False)


@checks_usage(
    "InternalAuthManager",
    "auth.ApiKeyRecord",
    "auth.NewApiKey",
    "auth.ServiceIdentity",
    "auth.InMemoryApiKeyStore",
    "auth.generate_api_key",
    "auth.hash_api_key",
    "auth.api_keys.get_key_id",
)
def a_service_shows_its_key() -> None:
    """A service is identified by its key with its scopes; after a rotation by both keys; after expiry by neither."""
    from ai_voice_shared import InternalAuthManager
    from ai_voice_shared.auth import InMemoryApiKeyStore, ServiceIdentity, generate_api_key, hash_api_key
    from ai_voice_shared.auth.api_keys import get_key_id
    from ai_voice_shared.errors import AuthorizationError, InvalidApiKeyError

    manager = InternalAuthManager(InMemoryApiKeyStore())
    new = manager.create_key("notes", scopes=["read"])
    assert new.record.key_hash == hash_api_key(new.key)
    assert get_key_id(new.key) == new.record.key_id
    identity = manager.authenticate(new.key, scopes=["read"])
    assert identity == ServiceIdentity("notes", new.record.key_id, frozenset({"read"}))
    _raises(AuthorizationError, lambda: manager.authenticate(new.key, scopes=["write"]))
    second = manager.rotate(new.record.key_id)
    assert manager.verify(new.key) is not None
    manager.revoke(new.record.key_id)
    assert manager.verify(second.key) is not None
    _raises(InvalidApiKeyError, lambda: manager.authenticate(new.key))
    assert generate_api_key("notes").key != generate_api_key("notes").key


@checks_usage("auth.DynamoDBApiKeyStore")
def keys_are_stored_in_a_table() -> None:
    """A key in DynamoDB is found by another process's store."""
    from ai_voice_shared import InternalAuthManager
    from ai_voice_shared.auth import DynamoDBApiKeyStore

    table = new_table("pk", "sk")
    new = InternalAuthManager(DynamoDBApiKeyStore(table)).create_key("notes")
    assert InternalAuthManager(DynamoDBApiKeyStore(table)).authenticate(new.key).service == "notes"
    DynamoDBApiKeyStore(table).delete(new.record.key_id)
    assert InternalAuthManager(DynamoDBApiKeyStore(table)).verify(new.key) is None


@checks_usage(
    "auth.answer_auth_errors",
    "auth.event_handler.get_bearer_token",
    "auth.event_handler.get_challenge",
    "auth.event_handler.make_dependency",
    "auth.event_handler.get_header",
    "auth.event_handler.make_middleware",
)
def a_route_asks_who_is_calling() -> None:
    """Callers are identified by dependency or middleware; others get a 401 with its challenge."""
    from typing import Annotated

    from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
    from aws_lambda_powertools.event_handler.depends import Depends
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from ai_voice_shared import InternalAuthManager
    from ai_voice_shared.auth import InMemoryApiKeyStore, ServiceIdentity, answer_auth_errors
    from ai_voice_shared.auth.event_handler import get_bearer_token

    manager = InternalAuthManager(InMemoryApiKeyStore())
    key = manager.create_key("notes").key
    for by_middleware in (True, False):
        app = APIGatewayHttpResolver(enable_validation=not by_middleware)
        answer_auth_errors(app)
        if by_middleware:

            @app.get("/who", middlewares=[manager.middleware()])
            def who(app: Any = app) -> dict[str, str]:
                return {"service": app.context["service"].service}

        else:
            caller = manager.dependency()

            def asked(service: Any) -> dict[str, str]:
                return {"service": service.service}

            asked.__annotations__ = {"service": Annotated[ServiceIdentity, Depends(caller)], "return": dict[str, str]}
            app.get("/who")(asked)
        event = {
            "version": "2.0",
            "rawPath": "/who",
            "headers": {"X-Api-Key": key},
            "requestContext": {"http": {"method": "GET", "path": "/who"}, "stage": "$default"},
        }
        assert app.resolve(event, None)["body"].replace(" ", "") == '{"service":"notes"}'  # type: ignore[arg-type] # no context
        refused = app.resolve({**event, "headers": {}}, None)  # type: ignore[arg-type] # as above
        assert (refused["statusCode"], "Bearer" in str(refused)) == (401, True)
    assert get_bearer_token(APIGatewayProxyEventV2({"headers": {"authorization": "Bearer abc"}})) == "abc"
