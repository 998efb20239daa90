"""A webhook handler as a good engineer writes it without the layer: clients and settings made once, at INIT."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qsl

import boto3
import httpx
from aws_lambda_powertools import Logger, Tracer
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """What the function is told by its environment."""

    s3_bucket_name: str
    customer_lookup_url: str
    twilio_account_sid: str
    twilio_auth_token: SecretStr
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
    """What the lookup answers."""

    customer_id: str
    company_id: str
    company_name: str


logger = Logger(service="webhook-handler")
tracer = Tracer(service="webhook-handler")
settings = Settings()
session = boto3.Session(region_name=settings.aws_region)
s3 = session.client("s3", config=Config(signature_version="s3v4", retries={"mode": "standard"}))
http = httpx.Client(timeout=5)


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Verify, parse, look up, fetch, store, answer."""
    body = event["body"]
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode()
    pairs = parse_qsl(body, keep_blank_values=True)
    verify(event, pairs)
    payload = TwilioWebhook.model_validate(dict(pairs))
    customer = look_up(payload.from_.removeprefix("whatsapp:"))
    key = None
    if payload.num_media and payload.media_url:
        key = store(payload, customer)
    logger.info("handled", extra={"message_sid": payload.message_sid, "key": key})
    reply = "<?xml version='1.0' encoding='UTF-8'?><Response><Message>Thank you</Message></Response>"
    return {"statusCode": 200, "headers": {"content-type": "text/xml"}, "body": reply}


def verify(event: dict[str, Any], pairs: list[tuple[str, str]]) -> None:
    """Check Twilio's signature."""
    text = settings.twilio_public_base_url + event["rawPath"] + "".join(k + v for k, v in sorted(pairs))
    digest = hmac.new(settings.twilio_auth_token.get_secret_value().encode(), text.encode(), hashlib.sha1).digest()
    if not hmac.compare_digest(base64.b64encode(digest).decode(), event["headers"]["x-twilio-signature"]):
        msg = "forged"
        raise PermissionError(msg)


@tracer.capture_method(capture_response=False)
def look_up(phone_number: str) -> Customer:
    """Ask the lookup server, signed for its function URL."""
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
    response.raise_for_status()
    return Customer.model_validate_json(response.content)


@tracer.capture_method(capture_response=False)
def store(payload: TwilioWebhook, customer: Customer) -> str:
    """Fetch the audio and put it into S3."""
    key = f"{customer.company_id}/{customer.customer_id}/{payload.message_sid}.ogg"
    auth = (settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value())
    audio = http.get(payload.media_url or "", auth=auth)
    audio.raise_for_status()
    s3.put_object(Bucket=settings.s3_bucket_name, Key=key, Body=audio.content, ContentType="audio/ogg")
    return key
