"""The clients of other services at the path of their specification; see `http_service.client`."""

from __future__ import annotations

from ai_voice_shared.services.http_service.client import ServiceClient, SyncServiceClient
from ai_voice_shared.services.http_service.request import IDEMPOTENCY_HEADER, ServiceLimits

__all__ = ["IDEMPOTENCY_HEADER", "ServiceClient", "ServiceLimits", "SyncServiceClient"]
