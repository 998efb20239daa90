"""`python -m ai_voice_shared.settings` prints the table of all settings as Markdown."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> int:
    """Print the table to standard output."""
    from ai_voice_shared.settings.table import settings_table

    sys.stdout.write(settings_table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
