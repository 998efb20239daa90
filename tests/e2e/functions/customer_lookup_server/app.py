"""The customer-lookup-server: who is behind a phone number or an external user id.

Asked by ``POST`` on its function URL (AWS_IAM), or by direct invoke with the same object as the event. What is asked
for is in the body and never in the URL, which ends up in access logs.
"""

from __future__ import annotations

import base64
import json
import os
from typing import Any

from aws_lambda_powertools import Tracer

from ai_voice_shared.aws import aws_client
from ai_voice_shared.errors import CustomerNotFoundError
from ai_voice_shared.observability import correlation_id_from_event, get_logger, use_correlation_id

tracer = Tracer()
logger = get_logger()

FIELDS = ("customer_id", "company_id", "company_name")


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a lookup: 200 with the customer, 404 where nobody is known, 400 where nobody was asked for."""
    with use_correlation_id(correlation_id_from_event(event)) as correlation_id:
        tracer.put_annotation("correlation_id", correlation_id)
        sender = _sender(event)
        if sender is None:
            logger.warning("lookup refused", extra={"outcome": "invalid"})
            return _answer(400, {"code": "invalid_request", "title": "Give phone_number or external_user_id"})
        found = aws_client("dynamodb").get_item(
            TableName=os.environ["CUSTOMERS_TABLE_NAME"], Key={"sender": {"S": sender}}
        )
        item = found.get("Item")
        if item is None:
            logger.info("lookup done", extra={"outcome": "not found"})
            # What tells "nobody" from the 404 of a wrong path.
            return _answer(404, {"code": CustomerNotFoundError.code, "title": CustomerNotFoundError.title})
        customer = {name: item[name]["S"] for name in FIELDS}
        logger.info("lookup done", extra={"outcome": "found", "customer_id": customer["customer_id"]})
        return _answer(200, customer)


def _sender(event: dict[str, Any]) -> str | None:
    """Return the key of the sender in the table, or None if the request names none."""
    asked: Any = event
    if "requestContext" in event:
        body = event.get("body") or ""
        try:
            asked = json.loads(base64.b64decode(body) if event.get("isBase64Encoded") else body)
        except ValueError:
            return None
    if not isinstance(asked, dict):
        return None
    for kind, name in (("phone", "phone_number"), ("external", "external_user_id")):
        value = asked.get(name)
        if isinstance(value, str) and value:
            return f"{kind}#{value}"
    return None


def _answer(status: int, content: dict[str, str]) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(content)}
