"""Fixtures of the examples in docstrings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ai_voice_shared.settings.config import reset_config

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _no_cached_config() -> Iterator[None]:
    """Clear the cached settings, so that an example does not depend on the tests before it in the same process."""
    reset_config()
    yield
    reset_config()


@pytest.fixture(autouse=True)
def _bucket_in_memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Activate moto for the examples that use a bucket, and for no others."""
    example = getattr(request.node, "dtest", None)
    if example is not None and "InMemoryS3Service" in example.docstring:
        request.getfixturevalue("aws_mock")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
