"""The parts of `S3Service`, one subject a file."""

from __future__ import annotations

__all__: list[str] = []
