"""The OpenAPI document of a service, and a page to read it on.

Powertools' page is Swagger UI, whose 1.4 MB of scripts the layer leaves out. This one is plain HTML without a script,
made on the server; the document itself opens in any OpenAPI tool.
"""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response

from ai_voice_shared.problems import PROBLEM_CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ai_voice_shared.app.resolver import ServiceResolver

__all__ = ["add_docs_routes", "docs_page", "openapi_document"]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PROBLEM = {PROBLEM_CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
_REPLACED_SCHEMAS = ("HTTPValidationError", "ValidationError", "ResponseValidationError")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "section{border:1px solid #ddd;border-radius:6px;padding:.5rem 1rem;margin:1rem 0}"
    "h2{font:600 1rem ui-monospace,monospace}b{display:inline-block;min-width:4rem;color:#05a}"
    "table{border-collapse:collapse}td,th{padding:.2rem 1rem .2rem 0;text-align:left;vertical-align:top}"
    "pre{background:#f6f6f6;padding:.5rem;overflow:auto;font-size:.85rem}"
)


def openapi_document(app: ServiceResolver, *, title: str, version: str, description: str = "") -> dict[str, Any]:
    """Give the OpenAPI document of all routes, with the answers that this chassis gives to errors.

    Parameters
    ----------
    app
        The service's router.
    title, version, description
        Of the API.
    """
    from ai_voice_shared.models.problem import ProblemDetails

    document: dict[str, Any] = json.loads(
        app.get_openapi_json_schema(title=title, version=version, description=description or None)
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _REPLACED_SCHEMAS:
        schemas.pop(name, None)
    schemas["ProblemDetails"] = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    for _, _, operation in _operations(document):
        responses = operation.setdefault("responses", {})
        takes_input = "requestBody" in operation or operation.get("parameters")
        responses.pop("422", None)
        responses.pop("500", None)
        if takes_input:
            responses["422"] = {"description": "The request does not fit the schema", "content": _PROBLEM}
        responses["default"] = {"description": "An error, as problem details (RFC 9457)", "content": _PROBLEM}
    return document


def docs_page(document: Mapping[str, Any]) -> str:
    """Write the document as a page.

    Parameters
    ----------
    document
        An OpenAPI document.

    Examples
    --------
    >>> page = docs_page({"info": {"title": "<Notes>", "version": "1"}, "paths": {}})
    >>> "<h1>&lt;Notes&gt; 1</h1>" in page
    True
    """
    info = document["info"]
    name = html.escape(f"{info['title']} {info['version']}")
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title><style>{_STYLE}</style>',
        f"<h1>{name}</h1><p>{html.escape(info.get('description') or '')}</p>",
        '<p>The whole of it: <a href="openapi.json">openapi.json</a></p>',
    ]
    parts += [_section(path, method, operation) for path, method, operation in _operations(document)]
    schemas = document.get("components", {}).get("schemas", {})
    parts += [
        f'<section id="{html.escape(name)}"><h2>{html.escape(name)}</h2>{_pre(schema)}</section>'
        for name, schema in sorted(schemas.items())
    ]
    return "".join(parts)


def add_docs_routes(app: ServiceResolver, document: Callable[[], Mapping[str, Any]]) -> None:
    """Add `/openapi.json` and `/docs`.

    Parameters
    ----------
    app
        The service's router.
    document
        Gives the OpenAPI document; called when it is asked for, when all routes are known.
    """

    @app.get("/openapi.json", include_in_schema=False)
    def openapi_json() -> Response[str]:
        return Response(200, content_type="application/json", body=json.dumps(document()))

    @app.get("/docs", include_in_schema=False)
    def docs() -> Response[str]:
        return Response(
            200,
            content_type="text/html; charset=utf-8",
            body=docs_page(document()),
            headers={
                "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
            },
        )


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _section(path: str, method: str, operation: Mapping[str, Any]) -> str:
    rows = [
        f"<tr><td>{html.escape(parameter['name'])}<td>{html.escape(parameter['in'])}"
        f"<td>{'required' if parameter.get('required') else ''}<td>{_kind(parameter.get('schema', {}))}"
        for parameter in operation.get("parameters", [])
    ]
    rows += [
        f"<tr><td>body<td><td>required<td>{_kind(content.get('schema', {}))}"
        for content in operation.get("requestBody", {}).get("content", {}).values()
    ]
    answers = [
        f"<tr><td>{html.escape(str(status))}<td>{html.escape(answer.get('description', ''))}"
        f"<td>{', '.join(_kind(content.get('schema', {})) for content in answer.get('content', {}).values())}"
        for status, answer in operation.get("responses", {}).items()
    ]
    return (
        f"<section><h2><b>{method.upper()}</b> {html.escape(path)}</h2>"
        f"<p>{html.escape(operation.get('summary') or '')}</p>"
        f"<table>{''.join(rows)}</table><table>{''.join(answers)}</table></section>"
    )


def _kind(schema: Mapping[str, Any]) -> str:
    reference = schema.get("$ref")
    if reference:
        name = html.escape(str(reference).rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    return html.escape(str(schema.get("type") or "any"))


def _pre(schema: Mapping[str, Any]) -> str:
    return f"<pre>{html.escape(json.dumps(schema, indent=2))}</pre>"
