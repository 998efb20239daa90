"""The customer lookup clients at the path of their specification; see `customer_lookup.client`."""

from __future__ import annotations

from ai_voice_shared.services.customer_lookup.client import AsyncCustomerLookupClient, CustomerLookupClient

__all__ = ["AsyncCustomerLookupClient", "CustomerLookupClient"]
