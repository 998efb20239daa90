"""The handler of docs/webhooks.md (`documented`), with the span and the log line that the baseline has too."""

from __future__ import annotations

import os
from typing import Any

import documented  # type: ignore[import-not-found]  # docs/webhooks.md's, written next to this module to be run

from ai_voice_shared import get_tracer, prime

if PRIME := os.environ.get("PRIME"):
    prime(*PRIME.split(","))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle a webhook."""
    with get_tracer().span("## webhook"):
        response: dict[str, Any] = documented.handler(event, context)
        documented.logger.info("handled", extra={"status": response["statusCode"]})
        return response
