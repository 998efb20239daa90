"""The benchmarks of single parts, whose figures are also printed by themselves, as rows of the one table."""

from __future__ import annotations

from tests.benchmarks.rows import Note, Row

__all__ = ["observability", "s3", "twilio"]


def s3(*, quick: bool, note: Note) -> list[Row]:
    """Measure calls of S3Service beside plain boto3's."""
    from tests.benchmarks.s3 import SIZES, compare

    found = compare(rounds=15 if quick else None)
    small = next(iter(SIZES))
    return [
        Row(
            f"S3Service.{one.call}, {one.size}",
            "ms",
            one.ours_ms,
            one.boto3_ms,
            "boto3",
            goal=1.0 if one.size == small else 0.85,
        )
        for one in found
    ]


def twilio(*, quick: bool, note: Note) -> list[Row]:
    """Measure a webhook that is checked and read, and no more than that."""
    from tests.benchmarks.twilio import run

    return [
        Row(f"receive_message, {name}", "us", ours, theirs, "twilio's validator and a dict")
        for name, ours, theirs, _ in run()
    ]


def observability(*, quick: bool, note: Note) -> list[Row]:
    """Measure a log line and a traced call beside Powertools' own."""
    from tests.benchmarks.observability import run

    return [
        Row(name, "us", ours, theirs, "Powertools", goal=0.10 if "traced" in name else 0.90)
        for name, ours, theirs, _ in run()
    ]
