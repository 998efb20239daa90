"""A service of three routes, created by `create_service`."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, Field

from ai_voice_shared import create_service
from ai_voice_shared.errors import NotFoundError


class NewSubject(BaseModel):
    """What a caller creates."""

    name: str = Field(min_length=1, max_length=100)
    level: int = Field(ge=1, le=12)
    tags: list[str] = Field(default_factory=list, max_length=10)


class Subject(NewSubject):
    """What the service responds with."""

    subject_id: str


SUBJECTS = {"1": Subject(subject_id="1", name="Math", level=3)}

service = create_service("subject-service")
app = service.app
handler = service.handler


@app.get("/subjects")
def list_subjects() -> list[Subject]:
    """List all subjects."""
    return list(SUBJECTS.values())


@app.get("/subjects/<subject_id>")
def get_subject(subject_id: str) -> Subject:
    """Return one subject."""
    if subject_id not in SUBJECTS:
        raise NotFoundError("Subject", subject_id)
    return SUBJECTS[subject_id]


@app.post("/subjects", status_code=201)
def create_subject(subject: Annotated[NewSubject, Body()]) -> Subject:
    """Create a subject."""
    return Subject(subject_id="2", **subject.model_dump())
