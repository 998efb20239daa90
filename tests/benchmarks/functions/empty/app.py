"""A function that does nothing: what Lambda's runtime client costs by itself."""

from __future__ import annotations

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Return at once."""
    return {"statusCode": 204}
