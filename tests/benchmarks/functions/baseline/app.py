"""A webhook handler as a good engineer writes it without the layer: clients and settings created once, at INIT."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import boto3
import httpx
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyPersistenceLayerError,
)
from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """The function's environment."""

    s3_bucket_name: str
    customer_lookup_url: str
    idempotency_table_name: str
    twilio_account_sid: str
    twilio_auth_token_parameter: str
    twilio_public_base_url: str
    aws_region: str


class TwilioWebhook(BaseModel):
    """What Twilio posts for a WhatsApp message."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    message_sid: str = Field(alias="MessageSid")
    account_sid: str = Field(alias="AccountSid")
    from_: str = Field(alias="From")
    to: str = Field(alias="To")
    body: str = Field(default="", alias="Body")
    num_media: int = Field(default=0, alias="NumMedia")
    message_type: str = Field(default="text", alias="MessageType")
    profile_name: str | None = Field(default=None, alias="ProfileName")
    wa_id: str | None = Field(default=None, alias="WaId")
    media_url: str | None = Field(default=None, alias="MediaUrl0")
    media_content_type: str | None = Field(default=None, alias="MediaContentType0")


class Customer(BaseModel):
    """The lookup's response."""

    customer_id: str
    company_id: str
    company_name: str


OUTAGES = (
    BotoCoreError,
    ClientError,
    GetParameterError,
    IdempotencyAlreadyInProgressError,
    IdempotencyPersistenceLayerError,
    httpx.HTTPError,
)
REPLIES = {"stored": "Thank you.", "unknown_sender": "Sorry, we do not know this number."}

logger = Logger(service="webhook-handler")
tracer = Tracer(service="webhook-handler")
settings = Settings()
session = boto3.Session(region_name=settings.aws_region)
aws_config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard"})
s3 = session.client("s3", config=aws_config.merge(Config(signature_version="s3v4")))
ssm = SSMProvider(boto3_client=session.client("ssm", config=aws_config))
table = DynamoDBPersistenceLayer(
    table_name=settings.idempotency_table_name, boto3_client=session.client("dynamodb", config=aws_config)
)
once = IdempotencyConfig(expires_after_seconds=86_400)
http = httpx.Client(timeout=5, follow_redirects=True)


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Verify, parse, process once, and reply."""
    once.register_lambda_context(context)
    try:
        token = str(ssm.get(settings.twilio_auth_token_parameter, decrypt=True, max_age=300))
        pairs = parse_form(event)
        verify(event, pairs, token)
        payload = TwilioWebhook.model_validate(dict(pairs))
        outcome = take(payload=payload, token=token, message_sid=payload.message_sid)
    except PermissionError:
        logger.warning("forged")
        return {"statusCode": 403, "body": "Forbidden"}
    except ValueError:
        logger.warning("invalid")
        return {"statusCode": 400, "body": "Bad Request"}
    except OUTAGES as error:
        logger.warning("webhook failed", extra={"reason": type(error).__name__})
        return {"statusCode": 503, "body": "Service Unavailable"}
    logger.info("handled", extra={"status": 200})
    reply = f"<?xml version='1.0' encoding='UTF-8'?><Response><Message>{escape(REPLIES[outcome])}</Message></Response>"
    return {"statusCode": 200, "headers": {"content-type": "text/xml"}, "body": reply}


@idempotent_function(  # type: ignore[untyped-decorator]  # Powertools declares it to return Any
    data_keyword_argument="message_sid", persistence_store=table, config=once
)
def take(*, payload: TwilioWebhook, token: str, message_sid: str) -> str:
    """Look up the sender, and store the voice note."""
    customer = look_up(payload.from_.removeprefix("whatsapp:"))
    if customer is None:
        return "unknown_sender"
    if payload.num_media and payload.media_url:
        store(payload, customer, token)
    return "stored"


def parse_form(event: dict[str, Any]) -> list[tuple[str, str]]:
    """Parse the parameters of the webhook."""
    body = event["body"]
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode()
    return parse_qsl(body, keep_blank_values=True)


def verify(event: dict[str, Any], pairs: list[tuple[str, str]], token: str) -> None:
    """Check Twilio's signature."""
    text = settings.twilio_public_base_url + event["rawPath"] + "".join(k + v for k, v in sorted(pairs))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    if not hmac.compare_digest(base64.b64encode(digest).decode(), event["headers"].get("x-twilio-signature", "")):
        raise PermissionError


@tracer.capture_method(capture_response=False)
def look_up(phone_number: str) -> Customer | None:
    """Send the lookup, signed for its function URL."""
    request = AWSRequest(
        "POST",
        settings.customer_lookup_url,
        data=json.dumps({"phone_number": phone_number}),
        headers={"content-type": "application/json"},
    )
    credentials = session.get_credentials()
    assert credentials
    SigV4Auth(credentials.get_frozen_credentials(), "lambda", settings.aws_region).add_auth(request)
    response = http.post(settings.customer_lookup_url, content=request.data, headers=dict(request.headers))
    if response.status_code == httpx.codes.NOT_FOUND:
        return None
    response.raise_for_status()
    return Customer.model_validate_json(response.content)


@tracer.capture_method(capture_response=False)
def store(payload: TwilioWebhook, customer: Customer, token: str) -> None:
    """Download the audio and put it into S3."""
    key = f"voice-notes/{customer.company_id}/{payload.message_sid}.ogg"
    audio = http.get(payload.media_url or "", auth=(settings.twilio_account_sid, token))
    audio.raise_for_status()
    s3.put_object(Bucket=settings.s3_bucket_name, Key=key, Body=audio.content, ContentType="audio/ogg")
