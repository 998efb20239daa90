"""Dependencies of every kind: plain, generator, coroutine, asynchronous generator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator  # noqa: TC003 - Powertools reads the annotations
from typing import Annotated, Any

import pytest
from aws_lambda_powertools.event_handler import Depends, Request, Response

from ai_voice_shared.errors import AuthorizationError, ConflictError
from tests.unit.app.conftest import create_note_service, event_v2, get_body

pytestmark = pytest.mark.unit

STEPS: list[str] = []


def plain(request: Request) -> str:
    """Return the path parameter."""
    return str(request.path_parameters["name"])


def generator(request: Request) -> Iterator[str]:
    """Yield the path parameter, and record the end."""
    try:
        yield plain(request)
    except ConflictError:
        STEPS.append("rolled back")
        raise
    finally:
        STEPS.append("closed")


async def coroutine(request: Request) -> str:
    """Return the path parameter from a coroutine."""
    return plain(request)


async def async_generator(request: Request) -> AsyncIterator[str]:
    """Yield the path parameter from a coroutine, and record the end."""
    try:
        yield plain(request)
    except ConflictError:
        STEPS.append("rolled back")
        raise
    finally:
        STEPS.append("closed")


def nested(inner: Annotated[str, Depends(generator)]) -> Iterator[str]:
    """Yield the value of another dependency, and record the end before that one's."""
    yield inner
    STEPS.append("outer closed")


async def forbid() -> None:
    """Reject every request."""
    raise AuthorizationError("forbidden")


def resolve(dependency: Any, *, error: Exception | None = None, is_async: bool = False) -> dict[str, Any]:
    """Resolve a request to a route with the dependency."""
    app = create_note_service().app

    def respond(name: str, value: Any) -> dict[str, Any]:
        STEPS.append("route")
        if error is not None:
            raise error
        return {name: value}

    async def respond_async(name: str, value: Any) -> dict[str, Any]:
        return respond(name, value)

    route = respond_async if is_async else respond
    route.__annotations__ = {"name": str, "value": Annotated[str, Depends(dependency)]}
    app.get("/values/<name>")(route)
    STEPS.clear()
    return app.resolve(event_v2(path="/values/a"), None)


@pytest.mark.parametrize("is_async", [False, True], ids=["route", "coroutine route"])
@pytest.mark.parametrize("dependency", [plain, generator, coroutine, async_generator, nested])
def test_a_dependency_is_run_to_its_value(dependency: Any, is_async: bool) -> None:  # noqa: FBT001 - a parameter
    """The route gets the dependency's value, and the code after a yield runs after the route."""
    assert get_body(resolve(dependency, is_async=is_async)) == {"a": "a"}
    expected = {generator: ["closed"], async_generator: ["closed"], nested: ["outer closed", "closed"]}
    assert ["route", *expected.get(dependency, [])] == STEPS


@pytest.mark.parametrize("dependency", [generator, async_generator])
def test_a_dependency_is_closed_after_an_error(dependency: Any) -> None:
    """The error is raised at the dependency's yield, and the response is that of the error."""
    assert get_body(resolve(dependency, error=ConflictError("taken")))["code"] == "conflict"
    assert STEPS == ["route", "rolled back", "closed"]


def test_a_dependency_gets_an_error_that_has_a_handler() -> None:
    """An error is raised in the dependency even if the service has a handler for it."""
    app = create_note_service().app

    app.exception_handler(ConflictError)(lambda _error: Response(418, "text/plain", "handled"))

    @app.get("/values/<name>")
    def respond(name: str, value: Annotated[str, Depends(generator)]) -> dict[str, str]:
        raise ConflictError(name + value)

    STEPS.clear()
    assert app.resolve(event_v2(path="/values/a"), None)["statusCode"] == 418
    assert STEPS == ["rolled back", "closed"]


def test_a_coroutine_that_raises_rejects_the_request() -> None:
    """A check that is a coroutine function is awaited, and its error rejects the request."""
    response = resolve(forbid)
    assert (response["statusCode"], STEPS) == (403, [])


def test_an_override_may_be_of_any_kind() -> None:
    """A test's override of a dependency is run like the dependency."""
    app = create_note_service().app

    @app.get("/value")
    def value(given: Annotated[str, Depends(plain)]) -> dict[str, str]:
        return {"value": given}

    async def fake() -> str:
        return "fake"

    app.dependency_overrides[plain] = fake
    assert get_body(app.resolve(event_v2(path="/value"), None)) == {"value": "fake"}


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_coroutine_dependency_while_an_event_loop_is_running() -> None:
    """A coroutine dependency, which Powertools does not await, fails the request instead of being skipped."""
    app = create_note_service().app

    @app.get("/value")
    def value(given: Annotated[str, Depends(coroutine)]) -> dict[str, str]:
        return {"value": given}

    assert (await app.resolve_async(event_v2(path="/value"), None))["statusCode"] == 500
