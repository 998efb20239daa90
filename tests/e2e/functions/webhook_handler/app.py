"""The webhook-handler: receive Twilio's WhatsApp webhook, store the voice note, respond with TwiML.

The order matters. Nothing is parsed before the signature is verified, nothing is done before the message is claimed,
and nothing is downloaded before the sender is known. Every failure on our side is a 5xx, so that Twilio retries, and
releases the claim.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Tracer

from ai_voice_shared import (
    CustomerLookupClient,
    Deadline,
    S3Service,
    TwilioService,
    build_key,
    get_logger,
    handle_once,
    message_response,
    use_correlation_id,
    use_deadline,
)
from ai_voice_shared.errors import AIVoiceError, TwilioMediaError
from ai_voice_shared.observability.correlation import CORRELATION_HEADER, correlation_id_from_event

if TYPE_CHECKING:
    from ai_voice_shared import TwilioWebhookPayload

tracer = Tracer()
logger = get_logger()
twilio = TwilioService()
lookup = CustomerLookupClient()
storage = S3Service()

REPLIES = {
    "stored": "Thank you, we have your voice note.",
    "unknown_sender": "Sorry, this number is not registered with us. Please ask your company to add it.",
    "no_audio": "Please send us a voice note; that is all we can take here.",
    "unusable": "Sorry, we could not use that recording. Please send a voice note of at most 16 MB.",
}
# The types that trigger voice-parser.
ACCEPTED = ("audio/ogg", "audio/mpeg", "audio/mp4")


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle a webhook: TwiML, 4xx for what Twilio would not send, 5xx for what it should retry."""
    deadline = Deadline.from_context(context)
    with use_correlation_id(correlation_id_from_event(event)) as correlation_id, use_deadline(deadline):
        tracer.put_annotation("correlation_id", correlation_id)
        try:
            payload = twilio.receive_message(event)
            outcome = handle_once(payload, lambda: take(payload), context=context)
            return create_response(200, "text/xml", message_response(REPLIES[outcome or "no_audio"]), correlation_id)
        except AIVoiceError as error:
            report(error)
            return create_response(error.status, "text/plain", error.title, correlation_id)


def take(payload: TwilioWebhookPayload) -> str:
    """Store the voice notes of a message from a known sender, and return the name of the outcome."""
    customer = lookup.fetch_customer_metadata(**payload.sender.lookup)
    if customer is None:
        logger.info("sender is unknown", extra={"message_sid": payload.message_sid})
        return "unknown_sender"
    try:
        for note in payload.media:
            parts = (customer.company_id, customer.customer_id, payload.message_sid, note.sid or "")
            key = build_key("voice-notes", *parts, suffix=note.extension)
            stored = twilio.store_media(note, key, storage.upload_stream, accept=ACCEPTED)
            logger.info("voice note stored", extra={"key": key, "bytes": stored.size, "customer_id": parts[1]})
    except TwilioMediaError as error:
        if error.status >= 500:
            raise
        report(error)
        return "unusable"
    return "stored" if payload.media else "no_audio"


def create_response(status: int, content_type: str, body: str, correlation_id: str) -> dict[str, Any]:
    """Return the HTTP response."""
    headers = {"content-type": content_type, CORRELATION_HEADER.lower(): correlation_id}
    return {"statusCode": status, "headers": headers, "body": body}


def report(error: AIVoiceError) -> None:
    """Log an error's name and fields, which hold no personal data."""
    tell = logger.error if error.status >= 500 else logger.warning
    tell("webhook failed", extra={"error_code": error.code, "status": error.status, "reason": str(error)})
