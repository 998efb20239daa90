"""Usage checks of every public name of the package, run inside a function with the layer, not by pytest."""

from __future__ import annotations

__all__: list[str] = []
