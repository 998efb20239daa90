"""The sections of the page, each as HTML."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from layer.report.flame import FAMILIES, axis_end, flame_chart
from layer.report.ratios import bar, figure, sparkline
from layer.report.starts import PHASES
from layer.report.svg import megabytes, tag
from layer.report.treemap import FORMATS, treemap
from layer.report.weights import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from layer.report.content import Content

__all__ = ["benchmarks", "imports", "key_figures", "targets", "weights"]

_LONGEST = 20

_TITLES = {
    "cold_start": "Cold start",
    "sizes": "Size",
    "layer_build": "Building the layer",
    "memory": "Memory",
    "webhook": "A warm webhook",
    "lookup": "Customer lookup",
    "s3": "S3 calls, warm",
    "twilio": "Twilio webhooks, warm",
    "observability": "Logs and traces",
}


def key_figures(content: Content) -> str:
    """Give the few numbers that one wants first."""
    before, after = content.starts
    aimed = content.aimed
    figures = [
        (
            "zipped",
            megabytes(content.layer.zipped),
            f"{content.layer.files} files, {megabytes(content.layer.unzipped)} unpacked",
        ),
        (
            "imports at INIT",
            f"{before.milliseconds('init'):.0f} ms",
            f"{before.modules('init')} modules; {before.modules('first call')} more at the first call",
        ),
        (
            "the same, primed",
            f"{after.milliseconds('init'):.0f} ms",
            f"and {after.milliseconds('first call'):.0f} ms left to the first call",
        ),
    ]
    for row in aimed:
        if (row["benchmark"], row["unit"], row["name"]) == ("cold_start", "M instr", "cold start, voice note"):
            figures.append(
                (
                    "of the instructions",
                    f"{row['ratio']:.2f}",
                    f"that a cold start written {row['against']} takes; the goal is {row['goal']:.2f}",
                )
            )
            break
    if aimed:
        figures.append(
            ("goals met", f"{sum(row['met'] for row in aimed)} of {len(aimed)}", "all of them are in the table below")
        )
    items = "".join(
        tag("div", tag("dt", escape(name)) + tag("dd", escape(number), class_="number") + tag("dd", escape(more)))
        for name, number, more in figures
    )
    return tag("dl", items, class_="figures")


def weights(content: Content) -> str:
    """Draw the treemap, and list the same in a table."""
    maps = "".join(treemap(content.packages, form) for form in FORMATS)
    total = sum(package.size for package in content.packages)
    rows = []
    for package in content.packages:
        kinds = package.by_kind()
        cells = [
            megabytes(package.size),
            f"{package.size / total:.1%}",
            *(megabytes(kinds[kind]) if kinds[kind] else "" for kind in KINDS),
        ]
        name = tag("th", tag("button", escape(package.name), type="button", data_zoom=package.name), scope="row")
        rows.append(name + _cells(cells))
    whole = f"All packages, {megabytes(total)}"
    back = tag("button", "All packages", type="button", class_="reset", hidden="")
    crumbs = tag("p", back + tag("span", whole, class_="where"), class_="crumbs", aria_live="polite")
    table = tag(
        "details",
        tag("summary", "The same as a table")
        + _table(["package", "bytes", "share", *KINDS.values()], rows, "Bytes of each package"),
    )
    return _legend(KINDS) + crumbs + tag("div", maps, class_="maps") + table


def imports(content: Content) -> str:
    """Draw the flame charts, before and after priming, on one scale."""
    end = axis_end(content.starts)
    titles = ("Unprimed: what the first call needs, it imports", "Primed: the first call finds it there")
    figures = []
    for start, title, identifier in zip(content.starts, titles, ("flame-before", "flame-after"), strict=True):
        chart = flame_chart(identifier, title, start, end)
        scroller = tag("div", chart, class_="scroller", tabindex=0, role="region", aria_label=title)
        heading = tag("h3", escape(title)) + tag("button", "Whole chart", type="button", class_="reset", hidden="")
        figures.append(tag("figure", tag("figcaption", heading) + scroller))
    return _legend(FAMILIES, "family ") + "".join(figures) + _longest(content)


def _longest(content: Content) -> str:
    """List the packages whose own modules take longest, in the first start as in the second."""
    parts = [(start, phase) for start in content.starts for phase in ("init", "first call")]
    times = [start.by_package(phase) for start, phase in parts]
    names = sorted({name for one in times for name in one}, key=lambda name: -sum(one.get(name, 0) for one in times))
    rows = [
        tag("th", escape(name), scope="row") + _cells(f"{one[name]:.1f} ms" if name in one else "" for one in times)
        for name in names[:_LONGEST]
    ]
    head = ["package", *(f"{PHASES[phase]}, {start.name}" for start, phase in parts)]
    table = _table(head, rows, "Milliseconds of each package's own modules")
    return tag("details", tag("summary", f"The {len(rows)} packages that take longest, as a table") + table)


def targets(content: Content) -> str:
    """List the zips with their sizes and hashes."""
    rows = []
    for one in content.built:
        half = len(one.sha256) // 2
        digest = tag("code", f"{one.sha256[:half]}<wbr>{one.sha256[half:]}", class_="hash")
        sizes = [str(one.files), megabytes(one.zipped), megabytes(one.unzipped)]
        rows.append(tag("th", escape(one.target) + digest, scope="row") + _cells(sizes))
    found = _table(["target and SHA-256", "files", "zipped", "unpacked"], rows, "Targets") if rows else ""
    notes: dict[str, list[str]] = {}
    for one in content.built:
        for note in one.notes:
            notes.setdefault(note, []).append(one.target)
    lines = [f"{escape(', '.join(names))}: {escape(note)}." for note, names in notes.items()]
    if content.missing:
        names = ", ".join(content.missing)
        lines.append(f"Not built from these sources: {names}. <code>./build.sh report --all</code> builds them.")
    return found + "".join(tag("p", line, class_="note") for line in lines)


def benchmarks(content: Content) -> str:
    """List the last figures of all benchmarks with their goals and their history."""
    if not content.rows:
        return tag("p", "Nothing was kept yet: <code>./build.sh bench --save</code> measures and keeps.", class_="note")
    bodies = []
    for name, group in groupby((row for _, row in content.rows), key=lambda row: row["benchmark"]):
        heading = f"{escape(_TITLES.get(name, name))} <code>./build.sh bench {escape(name)}</code>"
        lines = tag("tr", tag("th", heading, colspan=7, scope="rowgroup", class_="group"))
        bodies.append(tag("tbody", lines + "".join(tag("tr", _row(row, content)) for row in group)))
    head = "".join(
        tag("th", name, scope="col", class_=kind)
        for name, kind in (
            ("what", None),
            ("ours", "wide"),
            ("beside", "wide"),
            ("ratio", None),
            ("goal", None),
            ("met", None),
            ("history", None),
        )
    )
    caption = tag("caption", "Benchmarks", class_="unseen")
    return tag("table", caption + tag("thead", tag("tr", head)) + "".join(bodies), class_="benchmarks")


def _row(row: dict[str, Any], content: Content) -> str:
    from tests.benchmarks.history import series

    unit = row["unit"]
    beside = f"{figure(row['theirs'])} {unit}" if "theirs" in row else ""
    against = f"beside: {row['against']}" if "against" in row else ""
    narrow = f"{figure(row['ours'])} {'/ ' + beside if beside else unit}"
    name = (
        escape(row["name"])
        + tag("span", escape(against), class_="sub")
        + tag("span", escape(narrow), class_="sub narrow")
    )
    goal = f"{row['goal']:.2f}" if "goal" in row else ""
    if "ceiling" in row:
        goal += f"{row['ceiling']:g}" + tag("span", f" {escape(unit)}", class_="wide")
    met = {True: '<span class="met">yes</span>', False: '<span class="missed">no</span>', None: ""}[row.get("met")]
    ratio = f"{row['ratio']:.3f}" if "ratio" in row else ""
    return (
        tag("th", name, scope="row")
        + tag("td", f"{figure(row['ours'])} {escape(unit)}", class_="wide")
        + tag("td", escape(beside), class_="wide")
        + tag("td", tag("span", ratio, class_="ratio") + bar(row), class_="ratio")
        + tag("td", goal)
        + tag("td", met)
        + tag("td", sparkline(series(content.runs, row)))
    )


def _legend(names: dict[str, str], kind: str = "") -> str:
    items = "".join(tag("li", tag("i", "", class_=f"{kind}{key}") + escape(said)) for key, said in names.items())
    return tag("ul", items, class_="legend")


def _cells(texts: Iterable[str]) -> str:
    return "".join(tag("td", escape(text)) for text in texts)


def _table(head: Sequence[str], rows: Sequence[str], caption: str) -> str:
    headings = tag("tr", "".join(tag("th", escape(name), scope="col") for name in head))
    body = "".join(tag("tr", row) for row in rows)
    table = tag("table", tag("caption", caption, class_="unseen") + tag("thead", headings) + tag("tbody", body))
    return tag("div", table, class_="scroller", tabindex=0, role="region", aria_label=caption)
