"""The same service with Powertools alone: validation, correlation id, a log line and metrics for each request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response
    from aws_lambda_powertools.event_handler.middlewares import NextMiddleware


class NewSubject(BaseModel):
    """What a caller creates."""

    name: str = Field(min_length=1, max_length=100)
    level: int = Field(ge=1, le=12)
    tags: list[str] = Field(default_factory=list, max_length=10)


class Subject(NewSubject):
    """What the service responds with."""

    subject_id: str


SUBJECTS = {"1": Subject(subject_id="1", name="Math", level=3)}

logger = Logger(service="subject-service")
metrics = Metrics(namespace="ai-voice", service="subject-service")
app = APIGatewayHttpResolver(enable_validation=True)


def measure(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Write the log line and the metrics of a request."""
    begin = time.perf_counter()
    response = next_middleware(app)
    milliseconds = (time.perf_counter() - begin) * 1000
    method, route = app.current_event.http_method, app.context["_route"].openapi_path
    logger.info(
        "request",
        extra={
            "http_method": method,
            "http_route": route,
            "http_status": response.status_code,
            "duration_ms": round(milliseconds, 1),
        },
    )
    metrics.add_dimension("endpoint", route)
    metrics.add_dimension("method", method)
    metrics.add_metric("api.count", MetricUnit.Count, 1)
    metrics.add_metric("api.duration", MetricUnit.Milliseconds, milliseconds)
    return response


app.use([measure])


@app.get("/subjects")
def list_subjects() -> list[Subject]:
    """List all subjects."""
    return list(SUBJECTS.values())


@app.get("/subjects/<subject_id>")
def get_subject(subject_id: str) -> Subject:
    """Return one subject."""
    if subject_id not in SUBJECTS:
        raise NotFoundError(subject_id)
    return SUBJECTS[subject_id]


@app.post("/subjects", status_code=201)
def create_subject(subject: Annotated[NewSubject, Body()]) -> Subject:
    """Create a subject."""
    return Subject(subject_id="2", **subject.model_dump())


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle a request."""
    return app.resolve(event, context)
