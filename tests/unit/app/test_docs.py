"""The OpenAPI document and its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.app.conftest import body_of, event_v2, header_of, make_service

if TYPE_CHECKING:
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


def test_the_page_needs_no_script(service: Service) -> None:
    """The page lists the routes; its policy lets nothing in from anywhere."""
    answer = service.app.resolve(event_v2(path="/docs"), None)
    assert header_of(answer, "content-type") == "text/html; charset=utf-8"
    assert "default-src 'none'" in (header_of(answer, "content-security-policy") or "")
    assert "/notes/{note_id}" in answer["body"]
    assert "<script" not in answer["body"]


def test_they_can_be_left_out() -> None:
    """With API_DOCS=false there is neither."""
    service = make_service(docs=False)
    for path in ("/docs", "/openapi.json"):
        assert service.app.resolve(event_v2(path=path), None)["statusCode"] == 404
