"""The names of other packages that are not part of their interface, and are used all the same.

CONTRIBUTING.md lists each with its reason and its way out. An upgrade that removes one fails here, by its name.
"""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from http.client import HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]


def _s3_client() -> Any:
    from botocore.session import Session

    session = Session()
    session.set_credentials("testing", "testing")
    return session.create_client("s3", region_name="us-east-1")


def _refreshable_credentials() -> Any:
    from botocore.credentials import RefreshableCredentials

    return RefreshableCredentials("key", "secret", "token", datetime.now(UTC), dict, "test")


def _buffering_logger() -> Any:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.logging.buffer import LoggerBufferConfig

    return Logger(service="private-names", logger_handler=None, buffer_config=LoggerBufferConfig())


def _suppress_filter() -> Any:
    from aws_lambda_powertools.logging.filters import SuppressFilter

    return SuppressFilter("other")


def _stubber() -> Any:
    from moto.core.models import botocore_stubber

    return botocore_stubber


USES: dict[str, Callable[[], Any]] = {
    "botocore: client._endpoint.http_session": lambda: _s3_client()._endpoint.http_session,
    "botocore: URLLib3Session._manager": lambda: _s3_client()._endpoint.http_session._manager.connection_pool_kw,
    "botocore: URLLib3Session._timeout": lambda: _s3_client()._endpoint.http_session._timeout,
    "botocore: client._request_signer._credentials": lambda: _s3_client()._request_signer._credentials.access_key,
    "botocore: RefreshableCredentials._expiry_time": lambda: hasattr(_refreshable_credentials(), "_expiry_time"),
    "http.client: HTTPResponse.begin": lambda: HTTPResponse.begin,
    "http.client: HTTPResponse.chunked, .fp, .msg": lambda: [
        re.search(rf"self\.{name}\b", Path(str(ast.__file__)).with_name("http").joinpath("client.py").read_text())
        for name in ("chunked", "fp", "msg")
    ],
    "Powertools: Logger.powertools_buffer_config": lambda: _buffering_logger().powertools_buffer_config,
    "Powertools: SuppressFilter.logger": lambda: _suppress_filter().logger,
    "moto: botocore_stubber.enabled": lambda: hasattr(_stubber(), "enabled"),
}


@pytest.mark.parametrize("name", USES)
def test_a_private_name_is_still_there(name: str) -> None:
    """Each private name that the package relies on exists in the installed version of its package."""
    try:
        found = USES[name]()
    except (AttributeError, ImportError) as error:
        pytest.fail(f"{name} is gone ({error}): take the way out that CONTRIBUTING.md gives for it")
    found = found if isinstance(found, list) else [found]
    assert None not in found, f"{name} is gone: take the way out that CONTRIBUTING.md gives for it"
    assert False not in found, f"{name} is gone: take the way out that CONTRIBUTING.md gives for it"


def test_the_table_of_private_names_is_complete() -> None:
    """CONTRIBUTING.md lists exactly the private names that are checked here."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text[text.index("## Private names") :]
    assert set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)) == set(USES)


def _is_own(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}


def test_no_other_private_name_is_used() -> None:
    """An attribute with a leading underscore belongs to the package's own classes, or is in the table."""
    own = {"_replace"}  # a named tuple's, which is documented
    used: dict[str, str] = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                own.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_own(node.value):
                own.add(node.attr)
            elif isinstance(node, (ast.AnnAssign, ast.Assign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                own |= {target.id for target in targets if isinstance(target, ast.Name)}
            if isinstance(node, ast.Attribute) and re.match(r"_[a-z]", node.attr):
                used[node.attr] = f"{path.relative_to(ROOT)}:{node.lineno}"
    listed = set(re.findall(r"_\w+", " ".join(USES)))
    assert {name: place for name, place in used.items() if name not in own | listed} == {}
