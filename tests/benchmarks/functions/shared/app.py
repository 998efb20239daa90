"""The same webhook handler, written with the layer."""

from __future__ import annotations

import os
from typing import Any

from ai_voice_shared import (
    CustomerLookupClient,
    S3Service,
    TwilioService,
    build_key,
    get_logger,
    get_tracer,
    message_response,
    prime,
)

logger = get_logger("webhook-handler")
twilio = TwilioService()
lookup = CustomerLookupClient()
s3 = S3Service()

if PRIME := os.environ.get("PRIME"):
    prime(*PRIME.split(","))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Verify, parse, look up, fetch, store, answer."""
    with get_tracer().span("## webhook"):
        payload = twilio.receive_message(event)
        customer = lookup.fetch_customer_metadata(**payload.sender.lookup)
        key = None
        if customer is not None:
            for note in payload.media:
                key = build_key(customer.company_id, customer.customer_id, payload.message_sid, suffix=note.extension)
                twilio.store_media(note, key, s3.upload_stream)
        logger.info("handled", extra={"message_sid": payload.message_sid, "key": key})
        return {"statusCode": 200, "headers": {"content-type": "text/xml"}, "body": message_response("Thank you")}
