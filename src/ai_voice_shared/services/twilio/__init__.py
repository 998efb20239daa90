"""The parts of `TwilioService`: what may be fetched, and how a media item is streamed."""

from __future__ import annotations

__all__: list[str] = []
