"""Authentication in Powertools' event handler: as a dependency of a route, or as a middleware.

Both raise the package's own errors. A service made by `create_service` turns them into answers; on a resolver of your
own `answer_auth_errors` does. An error of a dependency reaches the handlers as if the route had raised it
(Powertools 3.37, `ApiGatewayResolver._call_exception_handler`).
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
    "bearer_token_of",
    "challenge_of",
    "dependency_on",
    "header_of",
    "middleware_on",
]

API_KEY_HEADER = "X-Api-Key"
"""The header that carries the API key of a service."""

Middleware: TypeAlias = "Callable[[ApiGatewayResolver, NextMiddleware], Response[Any]]"
"""A middleware as Powertools' resolvers take it."""

T = TypeVar("T")


def header_of(event: Any, name: str) -> str:
    """Give the one value of a header.

    Parameters
    ----------
    event
        A proxy event of Powertools' data classes.
    name
        The header, in any case.

    Raises
    ------
    AuthenticationError
        It is missing, or there twice: two readers of one request must not see two callers.
    """
    raw = event.raw_event
    wanted = name.lower()
    values = {value for key, value in (raw.get("headers") or {}).items() if key.lower() == wanted and value}
    for key, several in (raw.get("multiValueHeaders") or {}).items():
        if key.lower() == wanted:
            values.update(value for value in several if value)
    if len(values) != 1:
        msg = f"the header {name} is missing" if not values else f"the header {name} is there more than once"
        raise AuthenticationError(msg)
    return str(values.pop())


def bearer_token_of(event: Any) -> str:
    """Give the token of `Authorization: Bearer ...` (RFC 6750).

    Raises
    ------
    AuthenticationError
        There is none, or another scheme.
    """
    scheme, _, token = header_of(event, "Authorization").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        msg = "the header Authorization has no bearer token"
        raise AuthenticationError(msg)
    return token.strip()


def dependency_on(authenticate: Callable[[Any], T], kind: type[T]) -> Callable[..., T]:
    """Make a function for `Depends` out of one that takes the event.

    Parameters
    ----------
    authenticate
        Takes the proxy event, gives who is asking, raises AuthenticationError.
    kind
        What it gives.
    """
    from aws_lambda_powertools.event_handler import Request

    def dependency(request: Any) -> T:
        return authenticate(request.resolved_event)

    # Powertools finds the parameter by its type, which a string in a function's own scope would hide from it.
    dependency.__annotations__ = {"request": Request, "return": kind}
    return dependency


def middleware_on(name: str, authenticate: Callable[[Any], object]) -> Middleware:
    """Make a middleware out of a function that takes the event.

    Parameters
    ----------
    name
        Under which the route finds who is asking, in `app.context`.
    authenticate
        Takes the proxy event, gives who is asking, raises AuthenticationError.
    """

    def middleware(app: ApiGatewayResolver, next_middleware: NextMiddleware) -> Response[Any]:
        app.append_context(**{name: authenticate(app.current_event)})  # type: ignore[no-untyped-call]
        try:
            return next_middleware(app)
        finally:
            # The resolver clears its context only where the route did not raise; the next request is somebody else's.
            app.context.pop(name, None)

    return middleware


def answer_auth_errors(app: ApiGatewayResolver) -> None:
    """Let a resolver answer 401 and 403, as problem details (RFC 9457), with the challenge of RFC 6750.

    Parameters
    ----------
    app
        Any of Powertools' HTTP resolvers.
    """
    from aws_lambda_powertools.event_handler import Response

    def answer(error: AuthenticationError | AuthorizationError) -> Response[str]:
        headers = {"WWW-Authenticate": challenge_of(error)} if isinstance(error, AuthenticationError) else {}
        problem = {"type": "about:blank", "title": error.title, "status": error.status, "code": error.code}
        return Response(
            status_code=error.status, content_type="application/problem+json", body=json.dumps(problem), headers=headers
        )

    app.exception_handler([AuthenticationError, AuthorizationError])(answer)


def challenge_of(error: AuthenticationError) -> str:
    """Write the `WWW-Authenticate` of a 401 (RFC 6750, section 3).

    Parameters
    ----------
    error
        Why nobody knows who is asking.

    Examples
    --------
    >>> challenge_of(AuthenticationError())
    'Bearer'
    """
    if not isinstance(error, InvalidTokenError):
        return "Bearer"
    description = "expired" if isinstance(error, ExpiredTokenError) else "invalid"
    return f'Bearer error="invalid_token", error_description="the token is {description}"'
