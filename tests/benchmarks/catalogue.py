"""All benchmarks by name; the results of single components, which also print themselves, become rows here."""

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
"""Names for the command line, with the module and the function of each."""


def measure(name: str, *, quick: bool) -> tuple[list[Row], list[str]]:
    """Run a benchmark, and return its rows and notes about what could not be measured."""
    module, function = BENCHMARKS[name]
    notes: list[str] = []
    rows = getattr(import_module(f"tests.benchmarks.{module}"), function)(quick=quick, note=notes.append)
    return rows, notes


def s3(*, quick: bool, note: Note) -> list[Row]:
    """Compare calls of S3Service with plain boto3's."""
    from tests.benchmarks.s3 import SIZES, compare

    found = compare(rounds=15 if quick else None)
    small = next(iter(SIZES))
    return [
        Row(
            f"S3Service.{comparison.call}, {comparison.size}",
            "ms",
            comparison.layer_ms,
            comparison.boto3_ms,
            "boto3",
            goal=1.0 if comparison.size == small else 0.85,
        )
        for comparison in found
    ]


def twilio(*, quick: bool, note: Note) -> list[Row]:
    """Measure only the verification and parsing of a webhook."""
    from tests.benchmarks.twilio import run

    return [
        Row(f"receive_message, {name}", "us", layer, baseline, "twilio's validator and a dict")
        for name, layer, baseline, _ in run()
    ]


def observability(*, quick: bool, note: Note) -> list[Row]:
    """Compare a log line and a traced call with Powertools'."""
    from tests.benchmarks.observability import run

    return [
        Row(name, "us", layer, baseline, "Powertools", goal=0.10 if "traced" in name else 1.0)
        for name, layer, baseline, _ in run()
    ]
