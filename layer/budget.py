"""The size budget of a layer, and the packages that use the most of it."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

__all__ = ["budget", "largest_parts"]


def budget(layer: str) -> dict[str, Any]:
    """Read the budget of a layer from `budget.toml`."""
    budgets = tomllib.loads(Path(__file__).with_name("budget.toml").read_text(encoding="utf-8"))
    return dict(budgets.get(layer, {}))


def largest_parts(tree: Path, most: int = 10) -> str:
    """Return the packages with the most bytes as lines of text, bytecode separately."""
    sizes: Counter[str] = Counter()
    python = tree / "python"
    for file in python.rglob("*"):
        if file.is_file():
            part = file.relative_to(python).parts[0]
            sizes[f"{part} (bytecode)" if file.suffix == ".pyc" else part] += file.stat().st_size
    return "\n".join(f"{size / 1e6:8.2f} MB  {part}" for part, size in sizes.most_common(most))
