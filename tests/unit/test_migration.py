"""Every call in docs/migration.md works."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from ai_voice_shared.observability import set_metrics
from ai_voice_shared.observability.logger import get_logger
from ai_voice_shared.settings import reset_config

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[2] / "docs" / "migration.md"
ROWS = re.findall(r"^\| ((?:shared|common|aurora): .+?) \| `(.+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


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
        "JWT_SECRETS": "a secret of this test that is long enough for the check",
        "OPENAI_API_KEY": "sk-1",
        "POWERTOOLS_METRICS_NAMESPACE": "voice",
        "POWERTOOLS_SERVICE_NAME": "subject-service",
        "REDIS_URL": "redis://cache",
        "SENDGRID_API_KEY": "SG.1",
        "SENDGRID_FROM_EMAIL": "voice@example.com",
        "STRIPE_SECRET_KEY": "sk_test_1",
    }.items():
        monkeypatch.setenv(variable, text)
    monkeypatch.setitem(get_logger.__globals__, "_loggers", {})
    before = set_metrics(None)
    reset_config()
    yield
    set_metrics(before)
    reset_config()


def test_the_page_has_rows() -> None:
    """The pattern of this module finds every row of the page's tables."""
    text = PAGE.read_text(encoding="utf-8")
    assert len(ROWS) == sum(line.startswith(("| shared:", "| common:", "| aurora:")) for line in text.splitlines()) > 45


@mock_aws
@pytest.mark.parametrize(("call", "here"), ROWS, ids=[f"{number:02}" for number in range(len(ROWS))])
def test_a_call_of_the_right_column_works(call: str, here: str) -> None:
    """The statements of a row run, and the last one has a result."""
    tree = ast.parse(here)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr), call
    names: dict[str, Any] = {}
    exec(compile(tree, "migration.md", "exec"), names)  # noqa: S102 - a page of this repository
    result = eval(compile(ast.Expression(last.value), "migration.md", "eval"), names)  # noqa: S307 - as above
    assert result not in (None, False), call
