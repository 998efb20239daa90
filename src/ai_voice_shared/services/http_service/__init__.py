"""The client of other services over HTTP: `client` has the public classes, the other modules are its parts."""

from __future__ import annotations

__all__: list[str] = []
