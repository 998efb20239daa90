"""The layer report as one HTML file: plotly charts, whose colours are CSS variables, and tables of their figures."""

from __future__ import annotations

import sys
from html import escape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from layer.report import tables
from layer.report.content import PHASES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layer.import_times import Import
    from layer.report.content import ColdStart, Content, File

__all__ = ["FAMILIES", "bars", "icicle", "page", "treemap"]

FAMILIES = {
    "this package": "app ai_voice_shared",
    "pydantic": "pydantic pydantic_core annotated_types typing_inspection typing_extensions",
    "Powertools": "aws_lambda_powertools jmespath",
    "boto3": "boto3 botocore s3transfer dateutil urllib3 six",
    "HTTP and TLS": "httpx httpcore anyio h11 idna certifi ssl _ssl",
    "standard library": " ".join(sys.stdlib_module_names - {"ssl", "_ssl"}),
}
"""Packages that share a colour in the import charts; all others share one more."""

_FAMILY = {package: f"family{index}" for index, names in enumerate(FAMILIES.values()) for package in names.split()}
_Node = tuple[str, str, int, str]  # parent, label, value, name of a CSS variable
_END = 1.2  # of a bar: a little beyond what it is compared with


def page(content: Content) -> str:
    """Return the page."""
    pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    pages.globals |= {"treemap": treemap, "icicle": icicle, "bars": bars, "tables": tables, "families": FAMILIES}
    end = max(start.microseconds(*PHASES).total() for start in content.cold_starts)
    groups = [(name, [*rows]) for name, rows in groupby(content.rows, key=lambda row: row["benchmark"])]
    template = pages.get_template("page.html")
    return template.render(content=content, end=end, groups=groups, plotly=get_plotlyjs())


def treemap(files: Sequence[File]) -> dict[str, Any]:
    """Return the layer's bytes: packages, in them the kinds of their files, in them the files."""
    nodes: dict[str, _Node] = {"layer": ("", "All packages", 0, "frame")}
    for package, kind, name, size in files:
        nodes[package] = ("layer", package, 0, "frame")
        nodes[f"{package}/{kind}"] = (package, kind, 0, kind)
        nodes[f"{package}/{kind}/{name}"] = (f"{package}/{kind}", name, size, kind)
    text = "%{label}<br>%{value:.3s}B"
    options = {"tiling_pad": 0, "marker_pad": {"t": 22, "l": 0, "r": 0, "b": 0}, "maxdepth": 3, "texttemplate": text}
    return _hierarchy("treemap", nodes, text, **options)


def icicle(start: ColdStart, end: int) -> dict[str, Any]:
    """Return a cold start's imports: time from left to right, who imported whom from top to bottom.

    Parameters
    ----------
    end
        Microseconds at the right edge.
    """
    rest = end - start.microseconds(*PHASES).total()
    nodes: dict[str, _Node] = {"start": ("", start.name, rest, "frame")}

    def add(parent: str, module: Import) -> None:
        colour, identifier = _FAMILY.get(module.name.partition(".")[0], "other"), str(len(nodes))
        nodes[identifier] = (parent, module.name, module.own, colour)
        for child in module.children:
            add(identifier, child)

    for phase in PHASES:
        nodes[phase] = ("start", f"{phase}: {start.microseconds(phase).total() / 1000:.0f} ms", 0, "frame")
        for module in start.phases[phase]:
            add(phase, module)
    options = {"tiling": {"pad": 0, "orientation": "v"}, "leaf_opacity": 1, "texttemplate": "%{text}"}
    return _hierarchy("icicle", nodes, "%{label}<br>%{value:,} µs", **options)


def bars(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a benchmark's figures as shares of their baseline, else of their ceiling; a line marks the goal."""
    figure = _figure()
    for place, row in enumerate(rows):
        if whole := row.get("baseline") or row.get("ceiling"):
            colour = {True: "var(--met)", False: "var(--missed)", None: "var(--plain)"}[row.get("met")]
            share = min(row["layer"] / whole, _END)
            figure.add_bar(x=[share], y=[place], orientation="h", marker_color=colour, width=0.25, hoverinfo="skip")
            if goal := row.get("goal") or row.get("ceiling", 0) / whole:
                figure.add_shape(x0=goal, x1=goal, y0=place - 0.2, y1=place + 0.2, line_color="var(--ink)")
    figure.add_vline(1, line={"dash": "dot", "width": 1, "color": "var(--plain)"})
    labels = [f"<b>{escape(row['name'])}</b><br>{escape(tables.outcome(row))}" for row in rows]
    figure.update_yaxes(tickvals=[*range(len(rows))], ticktext=labels, ticklabelposition="inside", ticklabelshift=22)
    figure.update_yaxes(range=[len(rows) - 0.75, -0.85], showgrid=False, zeroline=False)
    return dict(figure.update_xaxes(range=[0, _END], visible=False).to_plotly_json())


def _hierarchy(kind: str, nodes: dict[str, _Node], text: str, **options: Any) -> dict[str, Any]:
    parents, labels, values, colours = zip(*nodes.values(), strict=True)
    totals = dict(zip(nodes, values, strict=True))
    for identifier, parent in reversed([*zip(nodes, parents, strict=True)][1:]):
        totals[parent] += totals[identifier]
    trace = {"type": kind, "ids": [*nodes], "parents": parents, "values": [*totals.values()], "branchvalues": "total"}
    trace |= {"labels": [*map(escape, labels)], "text": [escape(label.rpartition(".")[2]) for label in labels]}
    trace |= {"marker_colors": [f"var(--{colour})" for colour in colours], "hovertemplate": f"{text}<extra></extra>"}
    figure = _figure(uniformtext={"minsize": 11, "mode": "hide"}).add_trace({**trace, "sort": False, **options})
    return dict(figure.to_plotly_json())


def _figure(**layout: Any) -> go.Figure:
    return go.Figure(layout={"template": "none", "showlegend": False, "margin": dict.fromkeys("lrtb", 0), **layout})
