"""The client of Twilio: `client` has the public class, the other modules are its parts."""

from __future__ import annotations

__all__: list[str] = []
