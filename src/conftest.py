"""What the examples of docstrings need."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _bucket_in_memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn moto on for the examples that use a bucket, and for no others."""
    example = getattr(request.node, "dtest", None)
    if example is not None and "InMemoryS3Service" in example.docstring:
        request.getfixturevalue("aws_mock")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
