"""The parts of the customer lookup clients, one subject a file."""

from __future__ import annotations

__all__: list[str] = []
