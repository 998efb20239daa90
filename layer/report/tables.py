"""The figures of the layer report as text, for the page and the terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.filesize import decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layer.report.content import Content

__all__ = ["Table", "benchmarks", "imports", "key_figures", "outcome", "sizes", "targets"]

_LONGEST = 20


Table = list[tuple[str, ...]]
"""Rows of text, the header first; the first column names the row."""


def key_figures(content: Content) -> list[tuple[str, str]]:
    """Return the key figures, each with its description."""
    layer, with_goal = content.layer, [row for row in content.rows if "met" in row]
    figures = [(decimal(layer.zipped), f"zipped; {layer.files} files, {decimal(layer.unzipped)} unpacked")]
    for start in content.cold_starts:
        init, rest = (start.microseconds(phase).total() for phase in ("init", "first call"))
        later = f"{_milliseconds(rest)} in {len(start.modules('first call'))} modules at the first call"
        figures.append((_milliseconds(init), f"imports at INIT, {start.name}; {later}"))
    figures += [(f"{row.get('ratio', row['layer']):.2g}", f"{row['name']}: {outcome(row)}") for row in with_goal[:1]]
    met = sum(row["met"] for row in with_goal)
    return [*figures, (f"{met} of {len(with_goal)}", "goals met at the last saved runs")]


def sizes(content: Content) -> Table:
    """Return the bytes of each package, the largest first."""
    sizes: Counter[str] = Counter()
    for package, kind, _, size in content.files:
        sizes.update({package: size, f"{package}/{kind}": size, "": size})
    kinds = ("bytecode", "source", "native", "data")
    packages = [(name, size) for name, size in sizes.most_common() if name and "/" not in name]
    return [("package", "bytes", "share", *kinds)] + [
        (name, decimal(size), f"{size / sizes['']:.1%}", *(decimal(sizes[f"{name}/{kind}"]) for kind in kinds))
        for name, size in packages
    ]


def imports(content: Content) -> Table:
    """Return the packages whose own modules take longest to import."""
    parts = [(phase, start) for start in content.cold_starts for phase in ("init", "first call")]
    times = [start.microseconds(phase) for phase, start in parts]
    longest = sum(times, Counter[str]()).most_common(_LONGEST)
    head = ("package", *(f"{phase}, {start.name}" for phase, start in parts))
    return [head, *((name, *(_milliseconds(time[name]) for time in times)) for name, _ in longest)]


def benchmarks(content: Content, rows: Sequence[dict[str, Any]]) -> Table:
    """Return a benchmark's rows with their history, oldest run first."""
    from tests.benchmarks.history import series

    table: Table = [("benchmark", "this layer", "baseline", "history")]
    for row in rows:
        baseline = f"{row['baseline']:.4g} {row['unit']}" if "baseline" in row else ""
        history = [f"{past.get('ratio', past['layer']):.3g}" for _, past in series(content.runs, row)]
        table.append((row["name"], outcome(row), baseline, ", ".join(history[-8:])))
    return table


def targets(content: Content) -> Table:
    """Return the zips with their sizes and hashes."""
    zips = [(zipped.target, zipped.files, zipped.zipped, zipped.unzipped, zipped.sha256) for zipped in content.built]
    head = ("target", "files", "zipped", "unpacked", "SHA-256")
    return [head, *((name, str(files), decimal(size), decimal(whole), sha) for name, files, size, whole, sha in zips)]


def outcome(row: dict[str, Any]) -> str:
    """Return a benchmark's figure with what it is compared with, and whether its goal is met."""
    parts = [f"{row['layer']:.4g} {row['unit']}"]
    parts += [f"{row['ratio']:.3g} of {row['against']}"] if "ratio" in row else []
    parts += [f"goal {row['goal']:g}"] if "goal" in row else []
    parts += [f"at most {row['ceiling']:g} {row['unit']}"] if "ceiling" in row else []
    return ", ".join(parts) + {True: ": met", False: ": missed", None: ""}[row.get("met")]


def _milliseconds(microseconds: int) -> str:
    return f"{microseconds / 1000:.1f} ms" if microseconds else ""
