"""The documented calls of the utilities work with the new import path."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit


def test_the_calls_of_the_utilities() -> None:
    """The documented calls for ids, validation, files, text and retries work as written."""
    from ai_voice_shared.utils import (
        chunk_text,
        deep_merge,
        format_file_size,
        generate_short_id,
        generate_uuid,
        is_valid_email,
        is_valid_url,
        retry,
        sanitize_filename,
        truncate_text,
    )

    assert len(generate_uuid()) == 36
    assert len(generate_short_id(8)) == 8
    assert is_valid_email("user@example.com")
    assert is_valid_url("https://example.com")
    assert sanitize_filename("my file.txt") == "my_file.txt"
    assert format_file_size(1024) == "1.0 KB"
    assert truncate_text("Long text...", 50) == "Long text..."
    assert chunk_text("Long text", 100, overlap=10) == ["Long text"]
    assert deep_merge({"a": 1}, {"b": 2}) == {"a": 1, "b": 2}

    @retry(max_attempts=3, delay=1.0)
    def unreliable_function() -> str:
        return "worked"

    assert unreliable_function() == "worked"


def test_the_circuit_breaker_is_importable_from_the_utilities() -> None:
    """`utils.CircuitBreaker` is the class of `resilience`."""
    from ai_voice_shared import resilience
    from ai_voice_shared.utils import CircuitBreaker, generate_uuid, sanitize_filename

    assert generate_uuid()
    assert sanitize_filename("my file.pdf") == "my_file.pdf"
    breaker = CircuitBreaker()
    assert breaker.call(pow, 2, 10) == 1024
    assert CircuitBreaker is resilience.CircuitBreaker


def test_the_utilities_do_not_load_the_tier_above() -> None:
    """Using the utilities does not import `resilience`, whose names `utils` exports lazily."""
    script = (
        "import sys; from ai_voice_shared import utils; utils.generate_uuid(); utils.deep_merge({});"
        "print([name for name in sys.modules if 'resilience' in name])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
