"""The parts of the service clients: what goes out, what an answer means, and what clients of a service share."""

from __future__ import annotations

__all__: list[str] = []
