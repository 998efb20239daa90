"""The same routes on a local server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from ai_voice_shared.app.__main__ import find_service
from tests.support.asgi_server import serving
from tests.unit.app.conftest import create_note_service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.unit

SERVICE = """
from ai_voice_shared import create_service

service = create_service("hello-service")


@service.app.get("/hello/<name>")
def hello(name: str) -> dict[str, str]:
    return {"hello": name}
"""


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """Serve the service, and return a client of it."""
    with serving(create_note_service().asgi) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def test_a_request(client: httpx.Client) -> None:
    """Query, headers and body reach the route as in Lambda."""
    response = client.get("/notes/3", params={"verbose": "true"}, headers={"X-Correlation-Id": "order-7"})
    assert (response.status_code, response.json()) == (200, {"title": "verbose", "stars": 3})
    assert response.headers["x-correlation-id"] == "order-7"
    created = client.post("/notes", json={"title": "Grüße"})
    assert (created.status_code, created.json()["title"]) == (201, "Grüße")


def test_paths_are_decoded(client: httpx.Client) -> None:
    """A space and an umlaut in the path reach the route."""
    assert client.get("/names/a%20Gr%C3%BC%C3%9Fe").json() == {"name": "a Grüße"}


def test_errors_are_those_of_lambda(client: httpx.Client) -> None:
    """Errors, 404 and 405 are problem details."""
    assert client.get("/raise/unknown").json()["code"] == "internal_error"
    assert client.get("/nowhere").json()["code"] == "route_not_found"
    assert client.put("/notes").status_code == 405


def test_a_body_that_lambda_would_reject(client: httpx.Client) -> None:
    """A body above Lambda's limit of 6 MB is a 413."""
    assert client.post("/notes", content=b"x" * (6 * 1024 * 1024 + 1)).status_code == 413


def test_concurrent_requests(client: httpx.Client) -> None:
    """Each of fifty concurrent requests gets its own response."""
    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(lambda n: client.get(f"/names/n{n}").json()["name"], range(50)))
    assert responses == [f"n{n}" for n in range(50)]


def test_coroutine_routes_run_concurrently() -> None:
    """Ten requests that wait for each other in one coroutine route all complete."""
    service, barrier = create_note_service(), asyncio.Barrier(10)

    @service.app.get("/meet/<name>")
    async def meet(name: str) -> dict[str, str]:
        await barrier.wait()
        return {"name": name}

    with (
        serving(service.asgi) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
        ThreadPoolExecutor(10) as threads,
    ):
        responses = list(threads.map(lambda n: client.get(f"/meet/n{n}", timeout=60).json(), range(10)))
    assert responses == [{"name": f"n{n}"} for n in range(10)]


def test_head_is_get_without_the_content(client: httpx.Client) -> None:
    """The response to HEAD has the headers of GET and no content."""
    head, get = client.head("/notes/3"), client.get("/notes/3")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


def test_the_command(tmp_path: Path) -> None:
    """`python -m ai_voice_shared.app module:service --port 0` serves until it is interrupted, and logs each request."""
    (tmp_path / "hello.py").write_text(SERVICE)
    command = [sys.executable, "-m", "ai_voice_shared.app", "hello:service", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        running = next(line for line in server.stderr if "running on" in line)
        url = next(word for word in running.split() if word.startswith("http"))
        assert httpx.get(f"{url}/hello/you", trust_env=False).json() == {"hello": "you"}
        line = json.loads(server.stdout.readline())
        assert (line["message"], line["http_route"], line["service"]) == ("request", "/hello/{name}", "hello-service")
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)


def test_a_name_that_is_not_a_service_is_reported() -> None:
    """A name that is not a service ends the command with an error message."""
    with pytest.raises(SystemExit, match="json:loads is not a service"):
        find_service("json:loads")
