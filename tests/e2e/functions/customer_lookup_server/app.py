"""The customer-lookup-server: who is behind a phone number or an external user id.

Asked by ``POST /customers/lookup`` on its function URL (AWS_IAM), or by direct invoke with the event that the function
URL would have sent. What is asked for is in the body and never in the URL, which ends up in access logs.
"""

from __future__ import annotations

import os
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ai_voice_shared import CustomerMetadata, create_service, get_tracer
from ai_voice_shared.aws import aws_client
from ai_voice_shared.errors import CustomerNotFoundError
from ai_voice_shared.models.problem import ProblemDetails

service = create_service("customer-lookup-server", title="Customer lookup")
app = service.app
handler = service.handler

FIELDS = ("customer_id", "company_id", "company_name")


class LookupQuestion(BaseModel):
    """Whose customer record is wanted: exactly one of the two."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"oneOf": [{"required": [name]} for name in ("phone_number", "external_user_id")]},
    )

    phone_number: str | None = Field(default=None, pattern=r"^\+[1-9][0-9]{6,14}$", description="In E.164.")
    external_user_id: str | None = Field(default=None, min_length=1, max_length=256, description="Business-scoped id.")

    @model_validator(mode="after")
    def _one_of_them(self) -> LookupQuestion:
        if (self.phone_number is None) == (self.external_user_id is None):
            msg = "give either phone_number or external_user_id"
            raise ValueError(msg)
        return self

    @property
    def sender(self) -> str:
        """The key of the sender in the table."""
        return f"external#{self.external_user_id}" if self.phone_number is None else f"phone#{self.phone_number}"


@app.post(
    "/customers/lookup",
    summary="Find the customer behind a sender",
    responses={
        404: {
            "description": "Nobody is known by it (code customer_not_found)",
            "content": {"application/problem+json": {"model": ProblemDetails}},
        }
    },
)
def lookup(question: Annotated[LookupQuestion, Body()]) -> CustomerMetadata:
    """Answer a lookup."""
    with get_tracer().span("## dynamodb.get_item"):
        found = aws_client("dynamodb").get_item(
            TableName=os.environ["CUSTOMERS_TABLE_NAME"], Key={"sender": {"S": question.sender}}
        )
    item = found.get("Item")
    if item is None:
        raise CustomerNotFoundError
    customer = CustomerMetadata(**{name: item[name]["S"] for name in FIELDS})
    service.logger.info("customer found", customer_id=customer.customer_id)
    return customer
