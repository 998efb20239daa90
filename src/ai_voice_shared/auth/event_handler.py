"""Authentication in Powertools' event handler: as a dependency of a route, or as a middleware.

Both raise the package's own errors. A service of `create_service` turns them into error responses; on any other
resolver `answer_auth_errors` does. An error of a dependency reaches the exception handlers as if the route had raised
it (Powertools 3.37, `ApiGatewayResolver._call_exception_handler`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from ai_voice_shared.errors import AuthenticationError, AuthorizationError, ExpiredTokenError, InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.event_handler import ApiGatewayResolver, Response
    from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

__all__ = [
    "API_KEY_HEADER",
    "Middleware",
    "answer_auth_errors",
    "get_bearer_token",
    "get_challenge",
    "get_header",
    "make_dependency",
    "make_middleware",
]

API_KEY_HEADER = "X-Api-Key"
"""The header that carries the API key of a service."""

Middleware: TypeAlias = "Callable[[ApiGatewayResolver, NextMiddleware], Response[Any]]"
"""A middleware of Powertools' resolvers."""

T = TypeVar("T")


def get_header(event: Any, name: str) -> str:
    """Return the single value of a header.

    Parameters
    ----------
    event
        A proxy event of Powertools' data classes.
    name
        The header's name, case-insensitive.

    Raises
    ------
    AuthenticationError
        The header is missing or has several values: two readers of one request must not see two callers.
    """
    raw = event.raw_event
    lower_name = name.lower()
    values = {value for key, value in (raw.get("headers") or {}).items() if key.lower() == lower_name and value}
    for key, multiple in (raw.get("multiValueHeaders") or {}).items():
        if key.lower() == lower_name:
            values.update(value for value in multiple if value)
    if len(values) != 1:
        msg = f"the header {name} is missing" if not values else f"the header {name} has several values"
        raise AuthenticationError(msg)
    return str(values.pop())


def get_bearer_token(event: Any) -> str:
    """Return the token of `Authorization: Bearer ...` (RFC 6750).

    Raises
    ------
    AuthenticationError
        The header is missing or has another scheme.
    """
    scheme, _, token = get_header(event, "Authorization").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        msg = "the header Authorization has no bearer token"
        raise AuthenticationError(msg)
    return token.strip()


def make_dependency(authenticate: Callable[[Any], T], kind: type[T]) -> Callable[..., T]:
    """Create a function for `Depends` from a function of the event.

    Parameters
    ----------
    authenticate
        Takes the proxy event and returns the caller's identity, or raises AuthenticationError.
    kind
        The type of the identity.
    """
    from aws_lambda_powertools.event_handler import Request

    def dependency(request: Any) -> T:
        return authenticate(request.resolved_event)

    # Powertools finds the parameter by its type, and cannot resolve a string annotation of a local scope.
    dependency.__annotations__ = {"request": Request, "return": kind}
    return dependency


def make_middleware(name: str, authenticate: Callable[[Any], object]) -> Middleware:
    """Create a middleware from a function of the event.

    Parameters
    ----------
    name
        The key of the caller's identity in `app.context`.
    authenticate
        Takes the proxy event and returns the caller's identity, or raises AuthenticationError.
    """

    def middleware(app: ApiGatewayResolver, next_middleware: NextMiddleware) -> Response[Any]:
        app.append_context(**{name: authenticate(app.current_event)})  # type: ignore[no-untyped-call]
        try:
            return next_middleware(app)
        finally:
            # The resolver clears its context only if the route did not raise; the next request has another caller.
            app.context.pop(name, None)

    return middleware


def answer_auth_errors(app: ApiGatewayResolver) -> None:
    """Register handlers that respond with 401 and 403 as problem details (RFC 9457), with the challenge of RFC 6750.

    Parameters
    ----------
    app
        Any of Powertools' HTTP resolvers.
    """
    from aws_lambda_powertools.event_handler import Response

    def respond(error: AuthenticationError | AuthorizationError) -> Response[str]:
        headers = {"WWW-Authenticate": get_challenge(error)} if isinstance(error, AuthenticationError) else {}
        problem = {"type": "about:blank", "title": error.title, "status": error.status, "code": error.code}
        return Response(
            status_code=error.status, content_type="application/problem+json", body=json.dumps(problem), headers=headers
        )

    app.exception_handler([AuthenticationError, AuthorizationError])(respond)


def get_challenge(error: AuthenticationError) -> str:
    """Return the `WWW-Authenticate` header of a 401 (RFC 6750, section 3).

    Parameters
    ----------
    error
        Why the caller was not authenticated.

    Examples
    --------
    >>> get_challenge(AuthenticationError())
    'Bearer'
    """
    if not isinstance(error, InvalidTokenError):
        return "Bearer"
    description = "expired" if isinstance(error, ExpiredTokenError) else "invalid"
    return f'Bearer error="invalid_token", error_description="the token is {description}"'
