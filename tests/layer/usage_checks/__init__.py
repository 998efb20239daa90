"""What every public name of the package does when it is called from the layer: run inside a function, not by pytest."""

from __future__ import annotations

__all__: list[str] = []
