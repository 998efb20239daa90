"""The Twilio client, at a path like those of `s3_service` and `customer_lookup_client`; see `twilio.client`."""

from __future__ import annotations

from ai_voice_shared.services.twilio.client import TwilioService

__all__ = ["TwilioService"]
