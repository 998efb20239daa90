"""Requests, responses and URLs."""

from __future__ import annotations

import pytest

from ai_voice_shared.errors import ValidationError
from ai_voice_shared.http import HttpRequest, HttpResponse, build_url

pytestmark = pytest.mark.unit


def test_reprs_contain_no_content() -> None:
    """The repr of a request or a response has no URL, headers or body."""
    request = HttpRequest(method="POST", url="http://h/?q=secret", headers={"A": "secret"}, content=b"secret")
    assert repr(request) == "HttpRequest(POST, service='')"
    assert repr(HttpResponse(200, {"a": "secret"}, b"secret")) == "HttpResponse(200, 6 bytes)"


@pytest.mark.parametrize(
    ("method", "idempotent", "expected"),
    [("GET", None, True), ("put", None, True), ("POST", None, False), ("POST", True, True), ("GET", False, False)],
)
def test_idempotency_is_that_of_the_method_by_default(method: str, *, idempotent: bool | None, expected: bool) -> None:
    """A request is idempotent by its method (RFC 9110 section 9.2.2), unless the caller decides."""
    assert HttpRequest(method=method, url="http://h/", idempotent=idempotent).idempotent is expected


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("", None, "https://h/v1"),
        ("/a b/\u00e9", {"q": "x y"}, "https://h/v1/a%20b/%C3%A9?q=x%20y"),
        ("a?b#c%", {"a/b": "&=+"}, "https://h/v1/a%3Fb%23c%25?a%2Fb=%26%3D%2B"),
        ("..a/.b/c..", None, "https://h/v1/..a/.b/c.."),
    ],
)
def test_urls_are_encoded_part_by_part(path: str, query: dict[str, str] | None, expected: str) -> None:
    """Characters with a meaning in URLs are encoded in the path and in the query."""
    assert build_url("https://h/v1/", path, query) == expected


@pytest.mark.parametrize("path", ["..", "/../admin", "subjects/../../admin", "./a", "a/."])
def test_a_path_cannot_leave_its_base(path: str) -> None:
    """Dot segments, which HTTP clients resolve before they send, are rejected."""
    with pytest.raises(ValidationError):
        build_url("https://h/v1", path)


@pytest.mark.parametrize("content", [b"{", b"[" * 200_000, b"9" * 10_000, b"\xff"])
def test_invalid_json_is_a_value_error(content: bytes) -> None:
    """A body that is not valid JSON, or is nested too deeply, is a ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011 - only the class is guaranteed
        HttpResponse(200, {}, content).json()
