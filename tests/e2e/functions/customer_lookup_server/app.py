"""The customer-lookup-server: find the customer behind a phone number or an external user id.

Called by ``POST /customers/lookup`` on its function URL (AWS_IAM), or by direct invoke with the event that the function
URL would have sent. The sender is in the body and never in the URL, which is written to access logs.
"""

from __future__ import annotations

import os
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, ConfigDict, Field

from ai_voice_shared import CustomerMetadata, create_service, get_tracer
from ai_voice_shared.aws import aws_client
from ai_voice_shared.errors import CustomerNotFoundError
from ai_voice_shared.models.problem import ProblemDetails

service = create_service("customer-lookup-server", title="Customer lookup")
app = service.app
handler = service.handler

FIELDS = ("customer_id", "company_id", "company_name")


class ByPhoneNumber(BaseModel):
    """A lookup by phone number."""

    model_config = ConfigDict(extra="forbid")

    phone_number: str = Field(pattern=r"^\+[1-9][0-9]{6,14}$", description="In E.164.")

    @property
    def sender(self) -> str:
        """The key of the sender in the table."""
        return f"phone#{self.phone_number}"


class ByExternalUserId(BaseModel):
    """A lookup by business-scoped id, for senders without a phone number."""

    model_config = ConfigDict(extra="forbid")

    external_user_id: str = Field(min_length=1, max_length=256, description="Such as US.1234ABC.")

    @property
    def sender(self) -> str:
        """The key of the sender in the table."""
        return f"external#{self.external_user_id}"


@app.post(
    "/customers/lookup",
    summary="Find the customer behind a sender",
    responses={
        404: {
            "description": "No customer has this sender (code customer_not_found)",
            "content": {"application/problem+json": {"model": ProblemDetails}},
        }
    },
)
def lookup(question: Annotated[ByPhoneNumber | ByExternalUserId, Body()]) -> CustomerMetadata:
    """Handle a lookup."""
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
