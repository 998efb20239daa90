"""All benchmarks by name; those of single parts, which also print themselves, are made into rows here."""

from __future__ import annotations

from importlib import import_module

from tests.benchmarks.rows import Note, Row

__all__ = ["BENCHMARKS", "measure", "observability", "s3", "twilio"]

BENCHMARKS = {
    "cold_start": ("cold_start", "run"),
    "service": ("service", "run"),
    "sizes": ("sizes", "run"),
    "layer_build": ("layer_build", "run"),
    "memory": ("memory", "run"),
    "webhook": ("webhook", "run"),
    "lookup": ("lookup", "run"),
    "s3": ("catalogue", "s3"),
    "twilio": ("catalogue", "twilio"),
    "observability": ("catalogue", "observability"),
}
"""Names of the command line, with the module and the function of each."""


def measure(name: str, *, quick: bool) -> tuple[list[Row], list[str]]:
    """Run one benchmark; gives its rows, and lines about what could not be measured."""
    module, function = BENCHMARKS[name]
    notes: list[str] = []
    rows = getattr(import_module(f"tests.benchmarks.{module}"), function)(quick=quick, note=notes.append)
    return rows, notes


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
        Row(name, "us", ours, theirs, "Powertools", goal=0.10 if "traced" in name else 1.0)
        for name, ours, theirs, _ in run()
    ]
