"""Requests and URLs."""

from __future__ import annotations

import pytest

from ai_voice_shared.errors import ValidationError
from ai_voice_shared.http import HttpRequest, HttpResponse, build_url

pytestmark = pytest.mark.unit


def test_a_request_s_repr_shows_nothing_of_it() -> None:
    """URLs, headers and bodies carry what no log may have."""
    request = HttpRequest(method="POST", url="http://h/?q=secret", headers={"A": "secret"}, content=b"secret")
    assert repr(request) == "HttpRequest(POST, service='')"
    assert repr(HttpResponse(200, {"a": "secret"}, b"secret")) == "HttpResponse(200, 6 bytes)"


@pytest.mark.parametrize(
    ("method", "idempotent", "expected"),
    [("GET", None, True), ("put", None, True), ("POST", None, False), ("POST", True, True), ("GET", False, False)],
)
def test_idempotency_is_the_method_s_unless_it_is_given(
    method: str, *, idempotent: bool | None, expected: bool
) -> None:
    """RFC 9110 section 9.2.2."""
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
    """What is data stays data."""
    assert build_url("https://h/v1/", path, query) == expected


@pytest.mark.parametrize("path", ["..", "/../admin", "subjects/../../admin", "./a", "a/."])
def test_a_path_does_not_lead_out_of_its_base(path: str) -> None:
    """HTTP clients resolve dots before they send."""
    with pytest.raises(ValidationError):
        build_url("https://h/v1", path)


@pytest.mark.parametrize("content", [b"{", b"[" * 200_000, b"9" * 10_000, b"\xff"])
def test_what_is_no_json_is_a_value_error(content: bytes) -> None:
    """Also where it is nested deeper than Python goes; callers wait for no other error."""
    with pytest.raises(ValueError):  # noqa: PT011 - the class is what is promised
        HttpResponse(200, {}, content).json()
