"""The webhook-handler: takes Twilio's WhatsApp webhook, stores the voice note, answers TwiML.

The order matters. Nothing is read before the signature is right, nothing is done before the message is claimed, and
nothing is fetched before the sender is known. Whatever fails on our side is a 5xx, so that Twilio tries again, and
gives the claim back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import time
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from aws_lambda_powertools import Tracer
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyAlreadyInProgressError

from ai_voice_shared import CustomerLookupSettings, TwilioSettings
from ai_voice_shared.aws import aws_client
from ai_voice_shared.errors import (
    AIVoiceError,
    CustomerLookupUnavailableError,
    InvalidPayloadError,
    InvalidSignatureError,
    MediaNotAllowedError,
    MediaNotFoundError,
    MediaTooLargeError,
    MediaTypeError,
    MediaUnavailableError,
    ServiceResponseError,
    ServiceUnavailableError,
    TwilioMediaError,
)
from ai_voice_shared.http import HttpClient, HttpRequest, HttpResponse
from ai_voice_shared.observability import (
    correlation_id_from_event,
    get_correlation_id,
    get_logger,
    get_tracer,
    use_correlation_id,
)
from ai_voice_shared.observability.correlation import CORRELATION_HEADER
from ai_voice_shared.services.s3_service import S3Service, build_key

if TYPE_CHECKING:
    from collections.abc import Callable

tracer = Tracer(patch_modules=("botocore",))
logger = get_logger()

THANKS = "Thank you, we have your voice note."
UNKNOWN = "Sorry, this number is not registered with us. Please ask your company to add it."
NO_AUDIO = "Please send us a voice note; that is all we can take here."
UNUSABLE = "Sorry, we could not use that recording. Please send a voice note of at most 16 MB."
EXTENSIONS = {"audio/ogg": ".ogg", "audio/mpeg": ".mp3", "audio/mp4": ".m4a"}


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a webhook: TwiML, 4xx for what Twilio would not send, 5xx for what it should send again."""
    with use_correlation_id(correlation_id_from_event(event)) as correlation_id:
        tracer.put_annotation("correlation_id", correlation_id)
        try:
            return answer(200, "text/xml", twiml(receive(event, context)), correlation_id)
        except AIVoiceError as error:
            report(error)
            return answer(error.status, "text/plain", error.title, correlation_id)


def receive(event: dict[str, Any], context: Any) -> str:
    """Check a webhook, do its message once, and return the text of the reply."""
    form = signed_form(event)
    message = {name: form.get(name, "") for name in ("AccountSid", "MessageSid")}
    if message["AccountSid"] != twilio().account_sid or not re.fullmatch(r"(MM|SM)[0-9a-f]{32}", message["MessageSid"]):
        raise InvalidPayloadError("not a message of our account")
    claims().config.register_lambda_context(context)
    try:
        return claims().once(claim=f"{message['AccountSid']}:{message['MessageSid']}", form=form)
    except IdempotencyAlreadyInProgressError:
        raise ServiceUnavailableError("another delivery of this message is being worked on") from None


def take(form: dict[str, str]) -> str:
    """Store the voice notes of a message whose sender is known."""
    sender = form.get("From", "").removeprefix("whatsapp:")
    external = form.get("ExternalUserId") or (None if sender.startswith("+") else sender)
    customer = lookup({"external_user_id": external} if external else {"phone_number": sender})
    if customer is None:
        logger.info("sender is unknown")
        return UNKNOWN
    try:
        notes = [fetch(form, number) for number in range(media_count(form))]
    except TwilioMediaError as error:
        if error.status >= 500:
            raise
        report(error)
        return UNUSABLE
    for media_sid, content_type, content in notes:
        parts = (customer["company_id"], customer["customer_id"], form["MessageSid"], media_sid)
        key = build_key("voice-notes", *parts, suffix=EXTENSIONS[content_type])
        # The service puts the correlation id into the object's metadata.
        storage().upload_bytes(key, content, content_type=content_type)
        logger.info("voice note stored", extra={"key": key, "bytes": len(content), "customer_id": parts[1]})
    return THANKS if notes else NO_AUDIO


def answer(status: int, content_type: str, body: str, correlation_id: str) -> dict[str, Any]:
    """Make the HTTP response."""
    headers = {"content-type": content_type, CORRELATION_HEADER.lower(): correlation_id}
    return {"statusCode": status, "headers": headers, "body": body}


def twiml(text: str) -> str:
    """Make a reply of one message."""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response><Message>{escape(text)}</Message></Response>'


def report(error: AIVoiceError) -> None:
    """Write an error's name and facts, which hold no personal data."""
    tell = logger.error if error.status >= 500 else logger.warning
    tell("webhook failed", extra={"error_code": error.code, "status": error.status, "reason": str(error)})


@cache
def twilio() -> TwilioSettings:
    """Give the settings of the Twilio account."""
    return TwilioSettings()


@cache
def storage() -> S3Service:
    """Give the process's service of the bucket."""
    return S3Service()


@cache
def http() -> HttpClient:
    """Give the process's HTTP client."""
    return HttpClient()


class Claims:
    """Each message once, by Powertools Idempotency; an error gives the claim back."""

    def __init__(self) -> None:
        self.config = IdempotencyConfig(expires_after_seconds=24 * 3600)
        store = DynamoDBPersistenceLayer(
            table_name=os.environ["IDEMPOTENCY_TABLE_NAME"], boto3_client=aws_client("dynamodb")
        )

        def once(*, claim: str, form: dict[str, str]) -> str:
            return take(form)

        decorate = idempotent_function(data_keyword_argument="claim", persistence_store=store, config=self.config)
        self.once: Callable[..., str] = decorate(once)


@cache
def claims() -> Claims:
    """Give the process's claims."""
    return Claims()


def signed_form(event: dict[str, Any]) -> dict[str, str]:
    """Return the form that Twilio signed."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise InvalidPayloadError("the body is not a form")
    raw = event.get("body") or ""
    body = base64.b64decode(raw) if event.get("isBase64Encoded") else raw.encode()
    if len(body) > 256 * 1024 or re.search(rb"%(?![0-9A-Fa-f]{2})", body):
        raise InvalidPayloadError("the form is too large or broken")
    try:
        form = dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=500))
    except ValueError:
        raise InvalidPayloadError("the form cannot be read") from None
    domain = event["requestContext"]["domainName"]
    query = f"?{event['rawQueryString']}" if event.get("rawQueryString") else ""
    signed = f"https://{domain}{event['rawPath']}{query}" + "".join(name + form[name] for name in sorted(form))
    for token in twilio().auth_tokens:
        made = hmac.new(token.get_secret_value().encode(), signed.encode(), hashlib.sha1).digest()
        if hmac.compare_digest(base64.b64encode(made).decode(), headers.get("x-twilio-signature", "")):
            return form
    raise InvalidSignatureError("the signature is missing or was made with another token")


def media_count(form: dict[str, str]) -> int:
    """Return how many media items the message has."""
    count = form.get("NumMedia", "0")
    if not count.isdecimal() or any(f"MediaUrl{number}" not in form for number in range(int(count))):
        raise InvalidPayloadError("NumMedia is not the number of media URLs")
    return int(count)


def lookup(asked: dict[str, str]) -> dict[str, str] | None:
    """Ask the customer-lookup-server."""
    settings = CustomerLookupSettings()
    with get_tracer().span("## customer_lookup"):
        client = aws_client("lambda", read_timeout=settings.read_timeout, retries={"total_max_attempts": 1})
        payload = json.dumps({**asked, "correlation_id": get_correlation_id()})
        try:
            found = client.invoke(FunctionName=settings.function_name, Payload=payload)
            reply = json.load(found["Payload"])
        except Exception as error:
            raise CustomerLookupUnavailableError("the lookup does not answer", service="lookup") from error
    if found.get("FunctionError") or reply["statusCode"] not in {200, 404}:
        raise CustomerLookupUnavailableError("the lookup failed", service="lookup")
    customer: dict[str, str] | None = json.loads(reply["body"]) if reply["statusCode"] == 200 else None
    return customer


def fetch(form: dict[str, str], number: int) -> tuple[str, str, bytes]:
    """Download a media item: with credentials from Twilio's API, without from where that redirects to."""
    content_type = form.get(f"MediaContentType{number}", "").partition(";")[0].strip()
    if content_type not in EXTENSIONS:
        raise MediaTypeError("not a kind of audio that we take")
    base, account, message = twilio().api_base_url, form["AccountSid"], form["MessageSid"]
    wanted = re.escape(f"{base}/2010-04-01/Accounts/{account}/Messages/{message}/Media/") + r"(ME[0-9a-f]{32})"
    match = re.fullmatch(wanted, form[f"MediaUrl{number}"])
    if match is None:
        raise MediaNotAllowedError("the media URL is not of our account and this message")
    with get_tracer().span("## twilio.media"):
        pair = f"{account}:{twilio().auth_tokens[0].get_secret_value()}".encode()
        basic = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        for delay in (*twilio().media_retry_delays, None):
            reply = get(match[0], basic)
            if reply.status_code != 404:
                break
            if delay is None:
                raise MediaNotFoundError("Twilio does not have the media")
            time.sleep(delay)
        if reply.status_code in {302, 307}:
            where = urlsplit(reply.headers["location"])
            if where.hostname not in twilio().cdn_hosts:
                raise MediaNotAllowedError("a redirect to a host that is not Twilio's")
            reply = get(where.geturl(), {})
    if reply.status_code != 200:
        raise MediaUnavailableError(f"the media answered {reply.status_code}")
    return match[1], content_type, reply.content


def get(url: str, headers: dict[str, str]) -> HttpResponse:
    """Get a URL under the cap of media."""
    limit = twilio().max_media_bytes
    try:
        return http().send(HttpRequest(method="GET", url=url, headers=headers, max_bytes=limit, service="twilio"))
    except ServiceResponseError:
        raise MediaTooLargeError(f"more than {limit} bytes") from None
