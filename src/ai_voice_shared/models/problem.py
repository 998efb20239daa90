"""The error response of a service, for OpenAPI documents and for clients that parse it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["ProblemDetails"]


class ProblemDetails(BaseModel):
    """Problem details (RFC 9457), as created by `problems.to_problem`.

    Examples
    --------
    >>> ProblemDetails(title="Not found", status=404, code="not_found").type
    'about:blank'
    """

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    type: str = Field(default="about:blank", description="A URI that identifies the problem type.")
    title: str = Field(description="A human-readable summary of the problem type.")
    status: int = Field(ge=100, le=599, description="The HTTP status.")
    code: str = Field(description="A machine-readable code of the problem type.")
    detail: str | None = Field(default=None, description="A human-readable explanation of this occurrence.")
    errors: list[Any] | None = Field(default=None, description="One entry for each error.")
    resource: str | None = Field(default=None, description="The type of the resource that was not found.")
    identifier: str | None = Field(default=None, description="The id of the resource that was not found.")
    retry_after: float | None = Field(default=None, description="Seconds to wait before a retry.")
    correlation_id: str | None = Field(default=None, description="The correlation id in the service's logs.")
    instance: str | None = Field(default=None, description="A URI that identifies this occurrence.")
