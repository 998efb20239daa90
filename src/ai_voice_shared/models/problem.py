"""An error as a service answers it, for OpenAPI documents and for those who read one."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["ProblemDetails"]


class ProblemDetails(BaseModel):
    """Problem details (RFC 9457), as `problems.to_problem` writes them.

    Examples
    --------
    >>> ProblemDetails(title="Not found", status=404, code="not_found").type
    'about:blank'
    """

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    type: str = Field(default="about:blank", description="A URI of the kind of problem.")
    title: str = Field(description="The kind of problem, in words.")
    status: int = Field(ge=100, le=599, description="The HTTP status.")
    code: str = Field(description="The kind of problem, for machines.")
    detail: str | None = Field(default=None, description="What is wrong this time, in words.")
    errors: list[Any] | None = Field(default=None, description="One entry for each thing that is wrong.")
    resource: str | None = Field(default=None, description="The kind of thing that was not found.")
    identifier: str | None = Field(default=None, description="Its id.")
    retry_after: float | None = Field(default=None, description="Seconds until the next try makes sense.")
    correlation_id: str | None = Field(default=None, description="By which the service's logs can be searched.")
    instance: str | None = Field(default=None, description="A URI of this very occurrence.")
