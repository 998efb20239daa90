"""The examples of the three libraries' documents run word for word, except for their import paths.

`docs/migration.md` uses the same names for the libraries: **shared**, **common**, **aurora**. Names that the examples
use without importing them (`stripe`, `app`, `metrics`) are supplied here. Blocks about the database, its models, Redis
and OpenAI are excluded, as are shell commands of other programs.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from aws_lambda_powertools.event_handler import Depends
from moto import mock_aws

from ai_voice_shared import create_service
from ai_voice_shared.observability import set_metrics
from ai_voice_shared.observability.logger import get_logger
from ai_voice_shared.settings import Config, get_config, reset_config
from tests.support.asgi_server import serving
from tests.support.document_examples import EXAMPLES
from tests.support.document_examples.example import IMPORT_PATHS, Example

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit


JWT_SECRET = "a secret of this test that is long enough for the check"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for variable, text in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "API_CORS_ORIGINS": "https://app.example.com",
        "DATABASE_URL": "postgresql://app@db/voice",
        "GCP_PROJECT_ID": "voice",
        "JWT_SECRETS": JWT_SECRET,
        "OPENAI_API_KEY": "sk-1",
        "POWERTOOLS_SERVICE_NAME": "documented-service",
        "REDIS_URL": "redis://cache",
        "SENDGRID_API_KEY": "SG.1",
        "SENDGRID_FROM_EMAIL": "voice@example.com",
        "STRIPE_SECRET_KEY": "sk_test_1",
    }.items():
        monkeypatch.setenv(variable, text)
    # Loggers write to the stream that was current when they were created: each example creates its own.
    monkeypatch.setitem(get_logger.__globals__, "_loggers", {})
    others = {name: logger for name, logger in logging.root.manager.loggerDict.items() if not hasattr(logger, "init")}
    monkeypatch.setattr(logging.root.manager, "loggerDict", others)
    before = set_metrics(None)
    reset_config()
    yield
    set_metrics(before)
    reset_config()


@pytest.fixture
def _aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(scope="module")
def subjects_url() -> Iterator[str]:
    """Serve the resource that the example of the HTTP client requests."""
    service = create_service("subject-service")

    @service.app.get("/api/v1/subjects")
    def subjects() -> list[dict[str, str]]:
        return [{"name": "Math"}]

    with serving(service.asgi) as url:
        yield url


@pytest.mark.anyio
@pytest.mark.usefixtures("_aws")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
async def test_an_example_runs_as_it_is_written(example: Example, subjects_url: str) -> None:
    """The whole block of an example runs, and has the documented results."""
    out = io.StringIO()
    names: dict[str, Any] = {**example.given(), "out": out}
    # The port in the documents may be in use on this machine.
    code = example.moved.replace("http://localhost:8002", subjects_url)
    block = compile(code, example.id, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    expected: Any = pytest.raises(example.raises) if example.raises else contextlib.nullcontext()
    with contextlib.redirect_stdout(out):
        with expected as raised:
            result = eval(block, names)  # noqa: S307 - text of this repository
            if inspect.isawaitable(result):
                await result
        example.check({**names, "printed": out.getvalue(), "error": getattr(raised, "value", None)})


def test_the_import_check_of_the_shared_library() -> None:
    """The documented import check prints its success message, with the import paths changed."""
    script = """
from ai_voice_shared.settings import get_database_url, get_stripe_config
from ai_voice_shared.auth import create_access_token, verify_token
from ai_voice_shared.agents import get_agent_system, should_use_enhanced_agent
from ai_voice_shared.settings import get_api_config, get_stripe_config, get_openai_config
print('✅ All shared modules working!')
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "✅ All shared modules working!"


def get_settings() -> Config:
    """Return the settings of the service, as a function in each of common's services does."""
    return get_config("documented-service")


def test_dependencies_are_injected_by_annotation() -> None:
    """The first pattern of common works with Powertools' `Depends` in place of FastAPI's."""
    app = create_service("documented-service").app

    @app.get("/region")
    def endpoint(settings: Annotated[Config, Depends(get_settings)]) -> dict[str, str]:
        return {"database": settings.database.connection_string}

    event = {"rawPath": "/region", "requestContext": {"http": {"method": "GET"}}, "headers": {}}
    response = app.resolve(event, None)
    assert json.loads(response["body"]) == {"database": "postgresql://app@db/voice"}


def test_every_import_path_is_used() -> None:
    """Every import path in the translation table is used by an example."""
    used = {name for example in EXAMPLES for name in re.findall(r"(?m)^\s*from ([\w.]+) import", example.code)}
    assert used == set(IMPORT_PATHS)


def test_the_page_names_every_import_path() -> None:
    """docs/migration.md names each module that an example imports from."""
    page = (Path(__file__).parents[2] / "docs" / "migration.md").read_text(encoding="utf-8")
    assert [path for path in IMPORT_PATHS if f"`{path}`" not in page] == []
