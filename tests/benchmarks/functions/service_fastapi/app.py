"""The same service with FastAPI and Mangum, and Powertools for the log line and the metrics of each request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from fastapi import FastAPI, HTTPException
from mangum import Mangum
from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


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
app = FastAPI()


class Measured:
    """A middleware that writes the log line and the metrics of a request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        status = 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        begin = time.perf_counter()
        try:
            await self.app(scope, receive, watch)
        finally:
            milliseconds = (time.perf_counter() - begin) * 1000
            method, route = scope["method"], getattr(scope.get("route"), "path", "unmatched")
            logger.info(
                "request",
                extra={
                    "http_method": method,
                    "http_route": route,
                    "http_status": status,
                    "duration_ms": round(milliseconds, 1),
                },
            )
            metrics.add_dimension("endpoint", route)
            metrics.add_dimension("method", method)
            metrics.add_metric("api.count", MetricUnit.Count, 1)
            metrics.add_metric("api.duration", MetricUnit.Milliseconds, milliseconds)


app.add_middleware(Measured)


@app.get("/subjects")
def list_subjects() -> list[Subject]:
    """List all subjects."""
    return list(SUBJECTS.values())


@app.get("/subjects/{subject_id}")
def get_subject(subject_id: str) -> Subject:
    """Return one subject."""
    if subject_id not in SUBJECTS:
        raise HTTPException(404)
    return SUBJECTS[subject_id]


@app.post("/subjects", status_code=201)
def create_subject(subject: NewSubject) -> Subject:
    """Create a subject."""
    return Subject(subject_id="2", **subject.model_dump())


adapter = Mangum(app, lifespan="off")


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle a request."""
    return adapter(event, context)
