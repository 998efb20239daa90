"""The OpenAPI document and its page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ai_voice_shared.app.docs import swagger_page
from tests.unit.app.conftest import create_note_service, event_v2, get_body, get_header

if TYPE_CHECKING:
    from pathlib import Path

    from ai_voice_shared.app import Service

pytestmark = pytest.mark.unit


def test_the_document_names_every_route_and_its_errors(service: Service) -> None:
    """The document has the routes with their parameters and problem details for errors, but not itself."""
    document = get_body(service.app.resolve(event_v2(path="/openapi.json"), None))
    assert document["info"] == {"title": "Notes", "version": "1.0.0"}
    note = document["paths"]["/notes/{note_id}"]["get"]
    assert {parameter["name"] for parameter in note["parameters"]} == {"note_id", "verbose"}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    assert note["responses"]["422"]["content"] == note["responses"]["default"]["content"] == problem
    assert set(document["components"]["schemas"]) == {"Note", "ProblemDetails"}
    assert "/openapi.json" not in document["paths"]


def test_the_page_is_self_contained(service: Service) -> None:
    """Swagger UI contains its scripts and the document, and its policy allows no other origins."""
    response = service.app.resolve(event_v2(path="/docs"), None)
    assert get_header(response, "content-type") == "text/html; charset=utf-8"
    policy = get_header(response, "content-security-policy") or ""
    assert policy.startswith("default-src 'none'; script-src 'unsafe-inline';")
    assert "/notes/{note_id}" in response["body"]
    assert "SwaggerUIBundle" in response["body"]
    assert not re.search(r"<(script|link)[^>]+(src|href)=", response["body"])


def test_the_page_links_to_its_document(service: Service) -> None:
    """The document link of Swagger UI returns the document."""
    linked = event_v2(path="/docs", queryStringParameters={"format": "json"}, rawQueryString="format=json")
    assert get_body(service.app.resolve(linked, None))["info"]["title"] == "Notes"


def test_texts_of_the_document_are_escaped() -> None:
    """A title with a closing tag does not end the script."""
    page = swagger_page({"info": {"title": "</script><script>alert(1)</script>", "version": "1"}, "paths": {}})
    assert page is not None
    assert "alert(1)" in page
    assert "<script>alert(1)" not in page


def test_without_its_scripts_the_page_redirects_to_the_document(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without the scripts, as in the layer, the page redirects to the document."""
    monkeypatch.setattr("importlib.resources.files", lambda _package: tmp_path)
    response = service.app.resolve(event_v2(path="/docs"), None)
    assert (response["statusCode"], get_header(response, "location")) == (307, "openapi.json")


def test_the_documentation_can_be_disabled() -> None:
    """With API_DOCS=false neither the document nor the page exists."""
    service = create_note_service(docs=False)
    for path in ("/docs", "/openapi.json"):
        assert service.app.resolve(event_v2(path=path), None)["statusCode"] == 404
