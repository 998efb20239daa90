"""The OpenAPI document and its page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ai_voice_shared.app.docs import swagger_page
from tests.unit.app.conftest import body_of, event_v2, header_of, make_service

if TYPE_CHECKING:
    from pathlib import Path

    from ai_voice_shared.app import Service

pytestmark = pytest.mark.unit


def test_the_document_names_every_route_and_its_errors(service: Service) -> None:
    """Routes are there with their parameters; errors are problem details; the document itself is not a route of it."""
    document = body_of(service.app.resolve(event_v2(path="/openapi.json"), None))
    assert document["info"] == {"title": "Notes", "version": "1.0.0"}
    note = document["paths"]["/notes/{note_id}"]["get"]
    assert {parameter["name"] for parameter in note["parameters"]} == {"note_id", "verbose"}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    assert note["responses"]["422"]["content"] == note["responses"]["default"]["content"] == problem
    assert set(document["components"]["schemas"]) == {"Note", "ProblemDetails"}
    assert "/openapi.json" not in document["paths"]


def test_the_page_is_whole(service: Service) -> None:
    """Swagger UI comes with its scripts and the document; its policy allows nothing from anywhere else."""
    response = service.app.resolve(event_v2(path="/docs"), None)
    assert header_of(response, "content-type") == "text/html; charset=utf-8"
    policy = header_of(response, "content-security-policy") or ""
    assert policy.startswith("default-src 'none'; script-src 'unsafe-inline';")
    assert "/notes/{note_id}" in response["body"]
    assert "SwaggerUIBundle" in response["body"]
    assert not re.search(r"<(script|link)[^>]+(src|href)=", response["body"])


def test_the_page_links_to_its_document(service: Service) -> None:
    """The link that Swagger UI shows for the document leads to it."""
    linked = event_v2(path="/docs", queryStringParameters={"format": "json"}, rawQueryString="format=json")
    assert body_of(service.app.resolve(linked, None))["info"]["title"] == "Notes"


def test_no_text_of_the_document_ends_the_script() -> None:
    """A title with a closing tag stays a title."""
    page = swagger_page({"info": {"title": "</script><script>alert(1)</script>", "version": "1"}, "paths": {}})
    assert page is not None
    assert "alert(1)" in page
    assert "<script>alert(1)" not in page


def test_without_its_scripts_the_page_leads_to_the_document(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The layer leaves the scripts out."""
    monkeypatch.setattr("importlib.resources.files", lambda _package: tmp_path)
    response = service.app.resolve(event_v2(path="/docs"), None)
    assert (response["statusCode"], header_of(response, "location")) == (307, "openapi.json")


def test_they_can_be_left_out() -> None:
    """With API_DOCS=false there is neither."""
    service = make_service(docs=False)
    for path in ("/docs", "/openapi.json"):
        assert service.app.resolve(event_v2(path=path), None)["statusCode"] == 404
