"""The OpenAPI document of a service, and Swagger UI to read it with.

Powertools' `enable_swagger` imports its OpenAPI models when the route is registered, which slows the cold start, and
its page has Powertools' own error schemas. The page is therefore created by its `generate_swagger_html` on request. The
layer does not contain the 1.7 MB of scripts and styles; there the page redirects to the document itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response

from ai_voice_shared.problems import PROBLEM_CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ai_voice_shared.app.resolver import ServiceResolver

__all__ = ["add_docs_routes", "openapi_document", "swagger_page"]

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_PROBLEM = {PROBLEM_CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
_REPLACED_SCHEMAS = ("HTTPValidationError", "ValidationError", "ResponseValidationError")
# The page is self-contained: it loads nothing from other origins, and calls only the service.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "frame-ancestors 'none'"
)


def openapi_document(app: ServiceResolver, *, title: str, version: str, description: str = "") -> dict[str, Any]:
    """Return the OpenAPI document of all routes, with the error responses of the service framework.

    Parameters
    ----------
    app
        The service's router.
    title, version, description
        Those of the API.
    """
    from ai_voice_shared.models.problem import ProblemDetails

    document: dict[str, Any] = json.loads(
        app.get_openapi_json_schema(title=title, version=version, description=description or None)
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _REPLACED_SCHEMAS:
        schemas.pop(name, None)
    schemas["ProblemDetails"] = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    for item in document.get("paths", {}).values():
        for operation in (item[method] for method in _METHODS & item.keys()):
            responses = operation.setdefault("responses", {})
            responses.pop("422", None)
            responses.pop("500", None)
            if "requestBody" in operation or operation.get("parameters"):
                responses["422"] = {"description": "The request does not match the schema", "content": _PROBLEM}
            responses["default"] = {"description": "An error, as problem details (RFC 9457)", "content": _PROBLEM}
    return document


def swagger_page(document: Mapping[str, Any]) -> str | None:
    """Return Swagger UI with the document embedded; None where its scripts are not installed, as in the layer.

    Parameters
    ----------
    document
        An OpenAPI document.

    Examples
    --------
    >>> page = swagger_page({"info": {"title": "</script>", "version": "1"}, "paths": {}})
    >>> page is None or ("SwaggerUIBundle" in page and '"title": "</script>' not in page)
    True
    """
    from importlib import resources

    from aws_lambda_powertools.event_handler.openapi import swagger_ui

    files = resources.files(swagger_ui)
    try:
        script = files.joinpath("swagger-ui-bundle.min.js").read_text(encoding="utf-8")
        style = files.joinpath("swagger-ui.min.css").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    # The document is embedded in a script, which none of its texts may close.
    spec = json.dumps(document).replace("<", "\\u003c")
    return swagger_ui.generate_swagger_html(spec, script, style, "", None)


def add_docs_routes(app: ServiceResolver, document: Callable[[], Mapping[str, Any]]) -> None:
    """Add `/openapi.json` and `/docs`.

    Parameters
    ----------
    app
        The service's router.
    document
        Returns the OpenAPI document; called on request, when all routes are known.
    """

    @app.get("/openapi.json", include_in_schema=False)
    def openapi_json() -> Response[str]:
        return Response(200, content_type="application/json", body=json.dumps(document()))

    @app.get("/docs", include_in_schema=False)
    def docs() -> Response[str]:
        # Swagger UI's own link to the document.
        if app.current_event.query_string_parameters.get("format") == "json":
            return openapi_json()
        page = swagger_page(document())
        if page is None:
            return Response(307, headers={"Location": "openapi.json"}, body="")
        headers = {"Content-Security-Policy": _PAGE_POLICY}
        return Response(200, content_type="text/html; charset=utf-8", body=page, headers=headers)
